#!/usr/bin/env bats
# Names from a hostile process: no output and no message contains a character that steers, turns or hides.
load helper

# What acts instead of showing: controls, changes of direction, invisible characters, tags.
bad=$'\u202e\u2066\u200f\u061c\ufeff\u200b\u2028\u009b31m\u00ad\U000e0041\u2060'
acting='\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xd8\x9c|\xef\xbb\xbf|\xc2[\x80-\x9f]|\xc2\xad|\xf3\xa0[\x80-\x81]|\x1b'

setup() {
	cd "$BATS_TEST_TMPDIR"
	stream "$bad" >in
	vm-track in >tracked
}

# stream TEXT: a process whose every text holds TEXT.
stream() {
	local t i start name
	echo '{"type":"stream","t":0,"version":1,"program":"x","sources":["procfs"],"began":"2026-01-01T00:00:00Z"}'
	echo '{"type":"process","t":0,"pid":7,"why":"found","ppid":1,"comm":"c'"$1"'","args":["a'"$1"'","b"],"exe":"/bin/'"$1"'"}'
	for t in 1 2 3; do
		echo '{"type":"snapshot","t":'$t',"pid":7,"seq":'$t',"regions":3}'
		i=1
		for name in "/tmp/a$1txt.exe" "[anon:x$1y]" "/lib/$1"; do
			echo '{"type":"region","t":'$t',"pid":7,"seq":'$t',"start":"0x00000000'$i'0000000","end":"0x00000000'$i$t'000000","perms":"rwxp","kind":"file","name":"'"$name"'","label":"l'"$1"'","rss":'$((t * 4096))',"pss":4096}'
			i=$((i + 1))
		done
	done
	echo '{"type":"mark","t":3,"text":"m'"$1"'"}'
	echo '{"type":"finding","t":3,"pid":7,"rule":"r'"$1"'","severity":"warn","text":"t'"$1"'"}'
	echo '{"type":"lost","t":3,"what":"w'"$1"'","count":1,"where":"x'"$1"'","why":"y'"$1"'"}'
	echo '{"type":"event","t":3,"pid":7,"call":"c'"$1"'","name":"/tmp/a'"$1"'"}'
	echo '{"type":"end","t":4,"reason":"e'"$1"'"}'
}

# inert COMMAND...: neither its output nor its messages act.
inert() {
	"$@" >out 2>&1 || [ $? -le 127 ]
	! LC_ALL=C grep -aqP "$acting" out || { echo "$*:"; LC_ALL=C grep -aP "$acting" out | cat -v | head -3; return 1; }
}

@test "every view and every renderer, every preset of a table and every column" {
	for view in timeline map area table events tree summary cards diff explain stats pages compare aslr sites stacks; do
		for renderer in ascii svg gnuplot; do inert vm-render --view $view --$renderer tracked; done
	done
	grep -q 'u202e' out || vm-render --table tracked | grep -q 'u202e'
	for preset in pmap pmap-x pmap-X pmap-d smaps vmmap regions kinds pages all free; do
		inert vm-render --table=$preset tracked
		inert vm-render --view table --preset $preset --svg tracked
	done
	inert vm-render --table --columns name,label,kind,perms tracked
	inert vm-render --area --by region tracked
}

@test "a table as pmap prints it shows a question mark in place of what acts, and all else as it is" {
	stream 'é中' | vm-track >good
	[ "$(vm-render --table=pmap good | head -1)" = "7:   aé中 b" ]
	vm-render --table=pmap tracked | head -1 | grep -qE '^7:   a[?]+31m[?]+ b$'
}

@test "the messages of every program, also about their arguments" {
	cp in "name$bad"
	for program in vm-parse vm-track vm-check vm-replay vm-render vm-diff vm-sample vm-run; do
		inert $program "--no$bad"
		inert $program "no$bad"
		inert $program -c "no$bad"
		inert $program -o "/no/$bad" in
	done
	echo "bad line" >>"name$bad"
	for program in vm-parse vm-track vm-check; do
		$program "name$bad" 2>err >/dev/null || no_crash $?
		[ -s err ]
		! LC_ALL=C grep -aqP "$acting" err || { cat -v err; false; }
	done
	echo 'budgets: [{ name: "x'"$bad"'", what: rss, most: 1K }]' >b.yaml
	vm-track -b b.yaml --report r.tap in 2>err >/dev/null || no_crash $?
	run ! env LC_ALL=C grep -aqP "$acting" err
}

@test "a name cannot end the text of gnuplot's SVG: it is well-formed, and shows the name" {
	requires cmd gnuplot xmllint
	stream 'a]]></text><script>alert(1)</script>]]]>' | vm-track >tracked
	for view in timeline map area table tree; do
		vm-render --gnuplot --view $view tracked -o x.svg
		xmllint --noout x.svg
		run ! grep -q '<script' <(xmllint --xpath '//*[local-name()="script"]' x.svg 2>/dev/null)
	done
}

@test "the commands in the comment of --dump-config are safe to paste" {
	for word in 'plain' '$(touch pwned)' '`touch pwned`' "it's" 'a"b' $'two\nlines; touch pwned' '!x' '~root' '*' 'a;touch pwned' $'\u202e' '' '--x=$(touch pwned)' '--x=a b;touch pwned' '#' '<x' $'\x9b' '\' "\\'"; do
		vm-run --dump-config -- printf '%s.' "$word" "$word" >yaml
		line=$(sed -n '1s/^# vm-sample -- //p' yaml)
		[ -n "$line" ]
		[ "$(bash -c "$line"; echo x)" = "$word.$word.x" ] || { echo "word $word became: $line"; return 1; }
		run ! env LC_ALL=C grep -aqP "$acting" yaml
		[ ! -e pwned ]
		[ "$(grep -c '^[^#]' yaml)" -gt 0 ]
		[ "$(sed '/^#/d' yaml | head -1)" = "vm-run:" ] || sed '/^#/d' yaml | grep -q '^vm-'
	done
}

@test "--marks: a FIFO of another user, or one that another program reads, is refused" {
	requires root
	requires cmd setpriv
	mkdir -m 1777 open
	setpriv --reuid 65534 --regid 65534 --clear-groups mkfifo open/theirs 2>/dev/null || { mkfifo open/theirs && chown 65534 open/theirs; }
	run --separate-stderr vm-sample -p $$ -n 1 --marks open/theirs
	[ "$status" -eq 2 ]
	[[ $stderr == *"the FIFO open/theirs belongs to another user: name another file"* ]]
	mkfifo read
	sleep 100 <>read 3>&- &
	started+=("$!")
	until_true bash -c "readlink /proc/$!/fd/0 | grep -q read"
	run --separate-stderr vm-sample -p $$ -n 1 --marks read
	[ "$status" -eq 2 ]
	[[ $stderr == *"the FIFO read is read by another program: name another file"* ]]
	[ -p read ]
	mkfifo mine
	vm-sample -p $$ -n 1 --marks mine >/dev/null
	[ -p mine ]
	mkdir closed
	mkfifo closed/his # a user's own, under sudo
	chown 65534 closed/his
	vm-sample -p $$ -n 1 --marks closed/his >/dev/null
}
