/** Returns the startup message of the PostgreSQL protocol, version 3. https://www.postgresql.org/docs/current/protocol-message-formats.html */
export function formatStartup(user: string, database: string): Buffer {
  const body = Buffer.concat([int32(196_608), text('user'), text(user), text('database'), text(database), Buffer.of(0)])
  return Buffer.concat([int32(body.length + 4), body])
}

/** Returns the server's welcome: login accepted, two parameters, cancellation key, ready. */
export function formatWelcome(processId: number, secret: number): Buffer {
  return Buffer.concat([
    message('R', int32(0)),
    message('S', text('server_version'), text('17.5')),
    message('S', text('client_encoding'), text('UTF8')),
    message('K', int32(processId), int32(secret)),
    readyForQuery(),
  ])
}

export function formatQuery(sql: string): Buffer {
  return message('Q', text(sql))
}

export function formatRows(columns: readonly string[], rows: readonly (readonly string[])[]): Buffer {
  const textType = 25
  const describe = columns.map((name) =>
    Buffer.concat([text(name), int32(0), int16(0), int32(textType), int16(-1), int32(-1), int16(0)]),
  )
  return Buffer.concat([
    message('T', int16(columns.length), ...describe),
    ...rows.map((row) =>
      message('D', int16(row.length), ...row.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)])),
    ),
    message('C', text(`SELECT ${rows.length}`)),
    readyForQuery(),
  ])
}

/** Returns an error response. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function formatSqlError(code: string, words: string): Buffer {
  const fields = [`SERROR`, `VERROR`, `C${code}`, `M${words}`].map(text)
  return Buffer.concat([message('E', ...fields, Buffer.of(0)), readyForQuery()])
}

export function formatTerminate(): Buffer {
  return message('X')
}

function readyForQuery(): Buffer {
  return message('Z', Buffer.from('I'))
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4)
  return Buffer.concat([Buffer.from(type), int32(length), ...parts])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}
