# Means against a factor, a curve for each combination of the others.
set grid y back linetype 1 linecolor rgb '#e4e4e4' linewidth 0.8
do for [TERMINAL in 'svg png'] {
	eval OPEN
	do for [p = 1:PANELS] {
		eval PANEL
		eval sprintf("plot for [c = FIRST_CURVE[p]:FIRST_CURVE[p+1]-1] \
			$data%d index c-FIRST_CURVE[p] using 1:2:3:4 with yerrorlines lc rgb COLOUR[c] \
			dt DASH[c] lw WIDTH[c] pt POINT[c] ps 0.6", p)
		eval NEXT
	}
	eval CLOSE
}
