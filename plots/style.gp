# What all charts share. Colours are Okabe and Ito's; labels come from labrun and are drawn as they
# are (noenhanced); each panel is placed by its own COMMANDs.
FONT = 'sans-serif'
# The SVG driver of gnuplot 5 takes :Bold for a part of the family's name, but writes that name as it is.
BOLD_SVG = GPVAL_VERSION < 6 ? FONT.'" font-weight="bold' : FONT.':Bold'
# A point is 4/3 pixels to cairo and one to SVG: the scales make the two look alike.
OPEN = "if (TERMINAL eq 'svg') { \
FONT_BOLD = BOLD_SVG; \
set terminal svg noenhanced size W,H dynamic background '#ffffff' font FONT.',10' fontscale 1.15 dashlength 0.6 name NAME \
} else { \
FONT_BOLD = FONT.':Bold'; \
set terminal pngcairo noenhanced size 1.5*W,1.5*H background '#ffffff' font FONT.',10' fontscale 1.3 dashlength 0.6 linewidth 1.5 pointscale 1.3 \
}; set output NAME.'.'.TERMINAL; set multiplot"
PANEL = "do for [i = FIRST_COMMAND[p]:FIRST_COMMAND[p+1]-1] { eval COMMAND[i] }"
NEXT = "unset label; unset object; unset arrow"
CLOSE = "unset multiplot; unset output"
set encoding utf8
set datafile missing 'NaN'
unset key
set border 3 linecolor rgb '#9a9a9a' linewidth 0.8
set tics nomirror out scale 0.5 textcolor rgb '#444444' font FONT.',10'
set mxtics 1
set mytics 1
set ylabel offset 0.4,0 textcolor rgb '#444444' font FONT.',10'
set xlabel textcolor rgb '#444444' font FONT.',10'
set style fill solid noborder
set format '%h'
