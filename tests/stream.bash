# Small streams written by hand, for the tests of their readers.
#   begin                                        the stream line and a process 7
#   snap SEQ "START END PERMS KIND [MEMBERS]"…   a snapshot at SEQ seconds; addresses in pages, hexadecimal; MEMBERS as JSON

begin() {
	echo '{"type":"stream","t":0.000000000,"version":1,"program":"test"}'
	echo '{"type":"process","t":0.000000000,"pid":7,"why":"first","ppid":1,"name":"demo"}'
}

snap() {
	local seq=$1 row start end perms kind members who=${who:-7}
	shift
	printf '{"type":"snapshot","t":%d.000000000,"pid":%d,"seq":%d,"regions":%d}\n' "$seq" "$who" "$seq" $#
	for row; do
		read -r start end perms kind members <<<"$row"
		printf '{"type":"region","t":%d.000000000,"pid":%d,"seq":%d,"start":"0x%016x","end":"0x%016x","size":%d,"perms":"%s","kind":"%s"%s}\n' \
			"$seq" "$who" "$seq" $((16#$start << 12)) $((16#$end << 12)) $(((16#$end - 16#$start) << 12)) "$perms" "$kind" "${members:+,$members}"
	done
}

finish() { printf '{"type":"end","t":%d.000000000,"reason":"count"}\n' "${1:-99}"; }

# Change lines in short: ACT EVENT ID [from A,B] [gone C] START-END PERMS [was k=v,…]
changes() {
	jq -r 'def page: ltrimstr("0x") | sub("^0+"; "") | .[:-3];
	select(.type=="change") | "\(.act) \(.event) \(.id)"
	+ (if .from then " from " + (.from | join(",")) else "" end) + (if .gone then " gone " + (.gone | join(",")) else "" end)
	+ " \(.start|page)-\(.end|page) \(.perms)"
	+ (if .was then " was " + ([.was | to_entries[] | .key + "=" + (.value | if type=="string" and startswith("0x") then page else tostring end)] | join(",")) else "" end)'
}
