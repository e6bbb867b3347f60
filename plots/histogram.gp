# Shares of packets by bins, an outline a cell; of one cell alone the area is filled (POINT is -1).
set grid y back linetype 1 linecolor rgb '#e4e4e4' linewidth 0.8
do for [TERMINAL in 'svg png'] {
	eval OPEN
	do for [p = 1:PANELS] {
		eval PANEL
		eval sprintf("plot for [c = FIRST_CURVE[p]:FIRST_CURVE[p+1]-1] $data%d \
			index c-FIRST_CURVE[p] using (POINT[c] < 0 ? $1 : NaN):2 \
			with fillsteps fs solid noborder lc rgb COLOUR[c], \
			for [c = FIRST_CURVE[p]:FIRST_CURVE[p+1]-1] $data%d \
			index c-FIRST_CURVE[p] using (POINT[c] < 0 ? NaN : $1):2 \
			with steps lc rgb COLOUR[c] lw WIDTH[c]", p, p)
		eval NEXT
	}
	eval CLOSE
}
