#!/bin/sh
# Dump a database, and try the dump: backup.sh FOLDER SOURCE SCRATCH
# SOURCE and SCRATCH are URLs without passwords (~/.pgpass has them) and without ?schema=. SCRATCH
# names an empty database: postgresql://shop_owner@db.example.org/shop_restored.
set -eu
umask 077

folder=$1
source=$2
scratch=$3
dump="$folder/shop-$(date -u +%Y%m%dT%H%M%SZ).dump"

pg_dump --format=custom --file="$dump.part" "$source"

# A backup is one when it was restored: a dump that breaks off, or lacks a right, fails here.
pg_restore --exit-on-error --single-transaction --no-owner --no-privileges \
    --dbname="$scratch" "$dump.part"
psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$scratch" \
    --command="SELECT 'restored ' || count(*) || ' migrations' FROM berceau_migration"

mv "$dump.part" "$dump"
echo "$dump"
