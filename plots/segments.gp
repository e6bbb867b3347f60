# Bars by segment, and the whiskers over them.
set grid y back linetype 1 linecolor rgb '#e4e4e4' linewidth 0.8
do for [TERMINAL in 'svg png'] {
	eval OPEN
	do for [p = 1:PANELS] {
		eval PANEL
		eval sprintf("plot $data%d index 0 using 1:2:3:4:5:6:7 with boxxyerror lc rgb variable, \
			'' index 1 using 1:3:(0):($4-$3) with vectors heads size screen 0.004,90 \
			lw 1.2 lc rgb '#222222'", p)
		eval NEXT
	}
	eval CLOSE
}
