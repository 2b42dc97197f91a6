if (!exists("output")) output = ''
if (!exists("terminal")) {
	ending = strlen(output) > 4 ? output[strlen(output)-3:*] : ''
	terminal = ending eq '.png' ? 'pngcairo' : ending eq '.pdf' ? 'pdfcairo' : ending eq '.svg' ? 'svg' : ''
	if (terminal eq '' && output ne '') {
		print "output is to end in .png, .pdf or .svg: ".output
		exit status 1
	}
}
if (terminal ne '' && !strstrt(GPVAL_TERMINALS, ' '.terminal.' ')) {
	print "this gnuplot has no terminal ".terminal." (a fuller package has it: gnuplot-nox, gnuplot-qt)"
	exit status 1
}
point = terminal eq 'svg' ? 1 : 0.75 # of a pixel: what the terminal counts fonts in
f(name, pixels) = sprintf('%s,%.4g', name, pixels * point)
set encoding utf8
if (terminal eq 'pngcairo') {
	set terminal pngcairo noenhanced size width,height font f(font, 11) background rgb ground
}
if (terminal eq 'pdfcairo') {
	set terminal pdfcairo noenhanced size width/72.,height/72. font f(font, 11) fontscale 1 background rgb ground
}
if (terminal eq 'svg') {
	bold = font.' Bold'
	set terminal svg noenhanced size width,height font f(font, 11) background rgb ground
}
if (terminal eq '' && strstrt(' qt wxt x11 ', ' '.GPVAL_TERM.' ')) {
	eval sprintf("set terminal %s noenhanced size %d,%d", GPVAL_TERM, width, height)
}
if (terminal eq '' && GPVAL_TERM eq 'unknown') {
	set terminal dumb noenhanced 120,40
}
if (output ne '') {
	set output output
}
set termoption noenhanced
set style textbox opaque noborder fillcolor rgb panel margins 0.4,0.1
set object rectangle from screen 0,0 to screen 1,1 behind fillcolor rgb ground fillstyle solid noborder
set datafile separator whitespace
set xrange [0:1]
set yrange [0:1]
unset key
