# SPDX-License-Identifier: GPL-2.0-only
# Completion of labrun's command line in bash: asks the program itself what could come next.

_labrun()
{
	local program words current answer settled
	# What stands before the cursor, in words that end at blanks only: readline's own end at
	# each = and : too.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} == *[[:blank:]] ]] && words+=("")
	current=${words[-1]}
	program=${words[0]/#\~/$HOME}
	COMPREPLY=()
	while IFS= read -r answer; do
		case $answer in
		:files | :folders)
			compopt -o filenames
			[ "$answer" = :files ] && answer=-f || answer=-d
			while IFS= read -r answer; do
				COMPREPLY+=("$answer")
			done < <(compgen $answer -- "${current#--*=}")
			;;
		*)
			COMPREPLY+=("${answer%%$'\t'*}")
			[[ ${COMPREPLY[-1]} == *[.=] ]] && compopt -o nospace
			;;
		esac
	done < <("$program" complete -- "${words[@]:1}" 2>/dev/null)
	# It replaces only what stands behind the last = or : of the word.
	settled=${current%"${current##*[=:]}"}
	[ -z "$settled" ] || COMPREPLY=("${COMPREPLY[@]#"$settled"}")
}

complete -F _labrun labrun
