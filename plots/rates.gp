# A row a cell: dots, and where a dot has an interval its whiskers.
set grid x back linetype 1 linecolor rgb '#e4e4e4' linewidth 0.8
do for [TERMINAL in 'svg png'] {
	eval OPEN
	do for [p = 1:PANELS] {
		eval PANEL
		eval sprintf("plot for [c = FIRST_CURVE[p]:FIRST_CURVE[p+1]-1] \
			$data%d index c-FIRST_CURVE[p] using 3:2:($4-$3):(0) with vectors heads \
			size screen 0.003,90 lw 1.4 lc rgb COLOUR[c], \
			for [c = FIRST_CURVE[p]:FIRST_CURVE[p+1]-1] \
			$data%d index c-FIRST_CURVE[p] using 1:2 with points lc rgb COLOUR[c] \
			pt POINT[c] ps 0.5*WIDTH[c]", p, p)
		eval NEXT
	}
	eval CLOSE
}
