<#
.SYNOPSIS
  Installs or removes kcap for one user on Windows.
.EXAMPLE
  powershell -ExecutionPolicy Bypass -File install.ps1 -From kcap-0.1.0-win-x64.zip
.EXAMPLE
  powershell -ExecutionPolicy Bypass -File install.ps1 -Uninstall
#>
param(
  # Archive or its URL. The default is the kcap in this file's folder.
  [string]$From,
  # SHA-256 of the archive. The default comes from SHA256SUMS in the archive's folder.
  [string]$Sha256,
  [string]$Prefix = (Join-Path $env:LOCALAPPDATA 'Programs\kcap'),
  [switch]$Uninstall
)
$ErrorActionPreference = 'Stop'

function Stop-Install([string]$Sentence) {
  [Console]::Error.WriteLine("kcap: error: $Sentence")
  exit 1
}

function Test-Kcap([string]$Folder) {
  (Test-Path (Join-Path $Folder 'dist\kcap.cjs')) -and (Test-Path (Join-Path $Folder 'kcap-extcap.cmd'))
}

# Changes the user's own stored PATH; %NAME%s in it stay unexpanded.
function Set-UserPath([scriptblock]$Change) {
  $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey('Environment', $true)
  $stored = [string]$key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')
  $folders = @($stored.Split(';') | Where-Object { $_ -ne '' -and $_ -ne $Prefix })
  $key.SetValue('Path', ((& $Change $folders) -join ';'), 'ExpandString')
  $key.Close()
}

if ((Test-Path $Prefix) -and -not (Test-Kcap $Prefix)) { Stop-Install "cannot replace `"$Prefix`": it is not kcap's" }

if ($Uninstall) {
  if (-not (Test-Path $Prefix)) { Stop-Install "cannot remove `"$Prefix`": there is none" }
  & (Join-Path $Prefix 'kcap.cmd') uninstall
  if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
  Set-UserPath { param($folders) $folders }
  Remove-Item -Recurse -Force $Prefix
  Write-Output "kcap: removed $Prefix"
  exit 0
}

$draft = Join-Path ([IO.Path]::GetTempPath()) "kcap-$([Guid]::NewGuid())"
New-Item -ItemType Directory $draft | Out-Null
try {
  if ($From) {
    $name = $From.Split('/\')[-1]
    $archive = $From
    $sums = $From.Substring(0, $From.Length - $name.Length) + 'SHA256SUMS'
    if ($From -match '^https?://') {
      $archive = Join-Path $draft $name
      Invoke-WebRequest -UseBasicParsing $From -OutFile $archive
      if (-not $Sha256) {
        Invoke-WebRequest -UseBasicParsing $sums -OutFile (Join-Path $draft 'SHA256SUMS')
        $sums = Join-Path $draft 'SHA256SUMS'
      }
    }
    if (-not (Test-Path $archive)) { Stop-Install "cannot read `"$archive`": there is no such file" }
    if (-not $Sha256 -and (Test-Path $sums)) {
      $Sha256 = Get-Content $sums | Where-Object { $_.EndsWith("  $name") } | ForEach-Object { $_.Split(' ')[0] }
    }
    if (-not $Sha256) { Stop-Install "cannot check `"$From`": no SHA256SUMS in its folder has its checksum; give -Sha256" }
    $found = (Get-FileHash -Algorithm SHA256 $archive).Hash
    if ($found -ne $Sha256) { Stop-Install "cannot install `"$From`": its SHA-256 is $found, not $Sha256" }
    Expand-Archive $archive (Join-Path $draft 'unpacked')
    $source = (Get-ChildItem (Join-Path $draft 'unpacked'))[0].FullName
  } else {
    $source = $PSScriptRoot
  }
  if (-not (Test-Kcap $source)) { Stop-Install "cannot install `"$source`": kcap is not in it" }
  if (Test-Path $Prefix) { Remove-Item -Recurse -Force $Prefix }
  New-Item -ItemType Directory -Force (Split-Path $Prefix) | Out-Null
  Copy-Item -Recurse $source $Prefix
} finally {
  Remove-Item -Recurse -Force $draft
}
Set-UserPath { param($folders) $folders + $Prefix }
Write-Output "kcap: installed $Prefix, which is in PATH of the next window"
& (Join-Path $Prefix 'kcap.cmd') install
exit $LASTEXITCODE
