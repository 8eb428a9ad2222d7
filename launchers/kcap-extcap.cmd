@"%~dp0node.exe" "%~dp0dist\kcap-extcap.cjs" %*
