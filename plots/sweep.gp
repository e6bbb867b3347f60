# Means against a factor, a curve for each combination of the others; areas where POINT is -1.
set grid y back linetype 1 linecolor rgb '#e4e4e4' linewidth 0.8
do for [TERMINAL in 'svg png'] {
	eval OPEN
	do for [p = 1:PANELS] {
		eval PANEL
		eval sprintf("plot for [c = FIRST_CURVE[p]:FIRST_CURVE[p+1]-1] $data%d \
			index c-FIRST_CURVE[p] using (POINT[c] < 0 ? $1 : NaN):3:4 \
			with filledcurves fs solid noborder lc rgb COLOUR[c], \
			for [c = FIRST_CURVE[p]:FIRST_CURVE[p+1]-1] $data%d \
			index c-FIRST_CURVE[p] using 1:2:3:4 with yerrorlines lc rgb COLOUR[c] \
			dt DASH[c] lw WIDTH[c] pt POINT[c] ps 0.6", p, p)
		eval NEXT
	}
	eval CLOSE
}
