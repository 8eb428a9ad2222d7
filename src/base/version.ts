/** Version of kcap. A gate compares it with package.json, because importing that would cost a file read at every start. */
export const version = '0.1.0'
