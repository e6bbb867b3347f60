# Segments end to end, what they take to the right.
set grid x back linetype 1 linecolor rgb '#e4e4e4' linewidth 0.8
set style fill solid border rgb '#ffffff'
do for [TERMINAL in 'svg png'] {
	eval OPEN
	do for [p = 1:PANELS] {
		eval PANEL
		eval sprintf("plot $data%d index 0 using 1:2:3:4:5:6:7 with boxxyerror lc rgb variable lw 0.8", p)
		eval NEXT
	}
	eval CLOSE
}
