/** Shell script as it is sent; packaging/shell-module.js makes it from the file. */
declare module '*.sh' {
  export const script: string
}
