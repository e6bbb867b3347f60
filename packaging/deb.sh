#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes build/deb/labrun_VERSION_ARCH.deb of what `make install` installs. Same commit, same compiler,
# same bytes: times are the commit's.
#
#   packaging/deb.sh BUILD VERSION      (make deb)
set -eu
umask 022

build=$1
folder=$build/deb
root=$folder/root
arch=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
when=$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
# A package's version begins with a digit and grows with time; git's own says neither.
version=$(date -u -d "@$SOURCE_DATE_EPOCH" +0.%Y%m%d.%H%M%S)+git$(echo "$2" | tr -c 'A-Za-z0-9.+~\n' .)
maintainer=${DEBEMAIL:+${DEBFULLNAME:-$DEBEMAIL} <$DEBEMAIL>}
maintainer=${maintainer:-labrun <labrun@localhost>}

rm -rf "$folder"
mkdir -p "$root/DEBIAN" "$folder/debian"
${MAKE:-make} -s install BUILD="$build" DESTDIR="$root" prefix=/usr \
	zshdir=/usr/share/zsh/vendor-completions
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/labrun"
gzip -9n "$root"/usr/share/man/man*/*

doc=$root/usr/share/doc/labrun
# In README's own places, so that its links and pictures are found.
install -d "$doc/docs"
install -m 644 packaging/copyright README.md "$doc"
install -m 644 docs/*.md docs/*.svg "$doc/docs"
printf 'labrun (%s) unstable; urgency=medium\n\n  * Built from commit %s.\n\n -- %s  %s\n' \
	"$version" "$2" "$maintainer" "$when" | gzip -9n >"$doc/changelog.gz"

# What dpkg-shlibdeps asks for is there only while it runs.
printf 'Source: labrun\n\nPackage: labrun\nArchitecture: %s\n' "$arch" >"$folder/debian/control"
depends=$(cd "$folder" && dpkg-shlibdeps -O root/usr/bin/labrun | sed 's/^shlibs:Depends=//')
rm -r "$folder/debian"

cat >"$root/DEBIAN/control" <<EOF
Package: labrun
Version: $version
Architecture: $arch
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $depends
Recommends: gnuplot-nox | gnuplot, iptables, nftables, qemu-system-x86
Suggests: iproute2, tshark
Section: net
Priority: optional
Description: lab for the Linux datapath
 labrun builds a declared network topology in namespaces, drives traffic
 through it, and times every hop of every packet with eBPF from inside the
 kernel. It repeats that in batches and says how sure it is, on the running
 kernel, in a virtual machine with any other, or in instructions, which are
 the same digits on every run.
EOF
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -print0 | xargs -0r touch -hd "@$SOURCE_DATE_EPOCH"
dpkg-deb --root-owner-group --build "$root" "$folder/labrun_${version}_$arch.deb"
