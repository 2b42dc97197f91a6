# Cost as the work grows: CPU time and memory for a quarter of the work and for all of it, and the exponents between the two: 1 is linear, 2 quadratic.

spent_on() { # spent_on FILE COMMAND...: seconds of CPU (least of 3) and MB
	for _ in 1 2 3; do
		env time -o "$work/spent" -f '%U %S %M' "${@:2}" "$1" >/dev/null 2>&1 || true
		tail -n 1 "$work/spent"
	done | awk 'NR == 1 || $1 + $2 < cpu { cpu = $1 + $2; mb = $3 / 1024 } END { print cpu, mb }'
}

grow_row() { # grow_row TEXT GOAL WHAT N COMMAND...
	local few all
	python3 -I "$here/grow.py" "$3" $(($4 / 4)) >"$work/few"
	python3 -I "$here/grow.py" "$3" "$4" >"$work/all"
	few=$(spent_on "$work/few" "${@:5}") all=$(spent_on "$work/all" "${@:5}")
	rm -f "$work/few" "$work/all"
	awk -v what="$1" -v goal="$2" -v few="$few" -v all="$all" -v n="$4" 'BEGIN {
		split(few, a, " "); split(all, b, " ")
		time = a[1] > 0 ? log(b[1] / a[1]) / log(4) : 0
		printf "| cost as the work grows: %s | %.2f s, %.0f MB, %.0f bytes each; grows as time n^%.2f, memory n^%.2f | | | %s | |\n",
			what, b[1], b[2], (b[2] - a[2]) * 1048576 / (n * 3 / 4), time, log(b[2] / a[2]) / log(4), goal }'
}

grows() {
	local view
	grow_row "vm-track, 200 000 regions moved in one sample" "2 s" moved 200000 vm-track -q
	grow_row "vm-track, 20 000 regions that overlap" "0.5 s" overlapping 20000 vm-track -q
	grow_row "vm-track, 40 000 processes that have ended" "64 bytes each" lives 40000 vm-track -q
	grow_row "vm-check, 40 000 processes that have ended" "64 bytes each" tracked 40000 vm-check -q
	grow_row "vm-track, 40 000 live processes of one region" "linear" processes 40000 vm-track -q
	for view in summary timeline map events area tree cards table stats explain; do
		grow_row "vm-render --view $view, 100 000 processes that have ended" "2 s, 200 MB" tracked 100000 vm-render --view "$view"
	done
}
