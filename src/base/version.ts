/** The same as in package.json; a gate compares them. Importing package.json would cost a file read at every start. */
export const version = '0.1.0'
