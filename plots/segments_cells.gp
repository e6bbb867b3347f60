# A panel a segment, a row a cell: bars to the right, and their whiskers.
set grid x back linetype 1 linecolor rgb '#e4e4e4' linewidth 0.8
do for [TERMINAL in 'svg png'] {
	eval OPEN
	do for [p = 1:PANELS] {
		eval PANEL
		eval sprintf("plot $data%d index 0 using 1:2:3:4:5:6:7 with boxxyerror lc rgb variable, \
			'' index 1 using 3:2:($4-$3):(0) with vectors heads size screen 0.003,90 \
			lw 1.2 lc rgb '#222222'", p)
		eval NEXT
	}
	eval CLOSE
}
