@"%~dp0node.exe" "%~dp0dist\kcap.cjs" %*
