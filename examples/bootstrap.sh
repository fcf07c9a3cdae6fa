#!/bin/bash
# Runs once, at the first start of a server: a page that says who serves it.
set -eu
mkdir -p /srv/www/api
echo ok > /srv/www/healthz
echo ok > /srv/www/api/healthz
echo "served by $(hostname)" > /srv/www/index.html
for port in 8080 9000; do
  nohup python3 -m http.server "$port" --directory /srv/www > "/var/log/web-$port.log" 2>&1 &
done
