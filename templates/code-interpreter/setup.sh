#!/bin/sh
# Runs as root inside the new root file system, behind the script of base.
set -eu

cd /opt/atoll/code
javac JavaCells.java
python3 -m compileall -q .

# Its list of fonts takes matplotlib seconds to make.
mkdir -p /root/.config/matplotlib
cat > /root/.config/matplotlib/matplotlibrc << 'RC'
font.sans-serif: DejaVu Sans, WenQuanYi Zen Hei, sans-serif
axes.unicode_minus: False
RC
MPLBACKEND=agg python3 -c 'import matplotlib.pyplot'

# The class data archive: a Java process starts in half the time.
java -Xshare:dump > /dev/null

rm -rf /tmp/hsperfdata_* /root/.npm
