//! Homes, and the shells that are started in them. Names that begin with `K` are compared.
use super::Case;
use envsplit_model::ShellKind;

const POSIX: &[ShellKind] = &[ShellKind::Bash, ShellKind::Sh, ShellKind::Zsh];
const BASH: &[ShellKind] = &[ShellKind::Bash];
const SH: &[ShellKind] = &[ShellKind::Sh];
const ZSH: &[ShellKind] = &[ShellKind::Zsh];
const FISH: &[ShellKind] = &[ShellKind::Fish];

pub(crate) const CASES: &[Case] = &[
    Case { name: "which files", shells: POSIX, files: &[("*", "export K_@MARK@=1\n")], env: &[] },
    Case {
        name: "which files, with the variables that name further ones",
        shells: POSIX,
        files: &[("*", "export K_@MARK@=1\n")],
        env: &[("BASH_ENV", "$HOME/env.sh"), ("ENV", "$HOME/env.sh")],
    },
    Case {
        name: "ENV and BASH_ENV set by the login file",
        shells: &[ShellKind::Bash, ShellKind::Sh],
        files: &[(".profile", "export ENV=$HOME/env.sh BASH_ENV=~/env.sh\n"), ("env.sh", "export K1=1\n")],
        env: &[],
    },
    Case {
        name: "a profile hidden by .bash_login",
        shells: BASH,
        files: &[(".profile", "export K1=1\n"), (".bash_login", "export K2=1\n")],
        env: &[],
    },
    Case {
        name: "guards",
        shells: POSIX,
        files: &[(
            "*",
            "export K0_@MARK@=1\ncase $- in\n  *i*) export K1_@MARK@=1;;\n  *) export K2_@MARK@=1; return;;\nesac\nexport K3_@MARK@=1\n",
        )],
        env: &[("BASH_ENV", "@HOME@/env.sh"), ("ENV", "@HOME@/env.sh")],
    },
    Case {
        name: "the guard on PS1",
        shells: POSIX,
        files: &[("*", "export K0_@MARK@=1\n[ -z \"$PS1\" ] && return\nexport K1_@MARK@=1\n")],
        env: &[("BASH_ENV", "@HOME@/env.sh"), ("ENV", "@HOME@/env.sh")],
    },
    Case {
        name: "the guard on PS1, which the environment has",
        shells: POSIX,
        files: &[("*", "if [ \"${PS1-}\" ]; then\n export K1_@MARK@=1\nelse export K2_@MARK@=1; fi\n")],
        env: &[("PS1", "x")],
    },
    Case {
        name: "double brackets",
        shells: &[ShellKind::Bash, ShellKind::Zsh],
        files: &[(
            "*",
            "[[ $- != *i* ]] && return\nexport K_@MARK@=1\n[[ $- =~ i && -n $HOME ]] || return\nexport K2_@MARK@=1\n",
        )],
        env: &[("BASH_ENV", "@HOME@/env.sh")],
    },
    Case {
        name: "marks of shells",
        shells: POSIX,
        files: &[(
            "*",
            "if [ -n \"$BASH_VERSION\" ]; then export K_bash=1; elif [ -n \"${ZSH_VERSION-}\" ]; then export K_zsh=1; else export K_other=1; fi\n",
        )],
        env: &[],
    },
    Case {
        name: "Debian's skeleton",
        shells: &[ShellKind::Bash, ShellKind::Sh],
        files: &[
            (
                ".profile",
                "if [ -n \"$BASH_VERSION\" ]; then\n    if [ -f \"$HOME/.bashrc\" ]; then\n\t. \"$HOME/.bashrc\"\n    fi\nfi\nexport K_after=1\n",
            ),
            (
                ".bashrc",
                "case $- in\n    *i*) ;;\n      *) return;;\nesac\nHISTCONTROL=ignoreboth\nexport K_rc=1\n",
            ),
        ],
        env: &[],
    },
    Case {
        name: "an exit and an exec end the start",
        shells: POSIX,
        files: &[(
            ".profile",
            "export K1=1\nif [ -n \"$STOP\" ]; then exec env K_new=1 env; fi\nexport K2=1\n",
        )],
        env: &[],
    },
    Case {
        name: "ways to set",
        shells: &[ShellKind::Bash],
        files: &[(
            "*",
            "K1=1\nexport K2=1 K3=2 K4\nK4=x\nexport K4\ndeclare -x K5=1; typeset -x K6\nK6=1\nreadonly K7=1\nset -a; K8=1 K9=2; set +a\nset -o allexport\nK10=1\nset +o allexport\nK11=1 true\nexport K12=1; unset K12\nexport K13=1; export -n K13\nexport \"K14=a b\"\nexport K15=$(echo 1)\nexport K16='a\nb' K17=(a)\n: ${K18:=1}; export K18\neval 'export K19=1'\nexport K20+=1\ndeclare +x K20\nK21=1; K22=2\nexport K21\nlocal=1\nread -r K23 <<< x; export K23\nprintf -v K24 %s x; export K24\n",
        )],
        env: &[("BASH_ENV", "@HOME@/env.sh")],
    },
    Case {
        name: "ways to set, POSIX",
        shells: SH,
        files: &[(
            ".profile",
            "K1=1\nexport K2=1 K3=2\nset -a; K8=1 K9=2; set +a\nK11=1 true\nK12=1 :\nexport K12\nexport K13=1; unset K13\neval 'export K19=1'\nK20=1 export K20\n",
        )],
        env: &[],
    },
    Case {
        name: "ways to set, zsh",
        shells: ZSH,
        files: &[(
            ".zshenv",
            "typeset -gx K1=1\nexport K2=1\nsetopt allexport\nK3=1\nunsetopt all_export\nK4=1\nf() { typeset K5=1; typeset -gx K6=1; export K7=1; local -x K8=1 }\nf\nif [[ -o interactive ]] { export K9=1 }\n[[ -o login ]] && export K10=1\nfor x (a b) export K11=$x\n() { export K12=1 }\npath+=(/nowhere)\nexport K13=${HOME:h}\n",
        )],
        env: &[],
    },
    Case {
        name: "ZDOTDIR",
        shells: ZSH,
        files: &[
            (".zshenv", "export K0=1\nZDOTDIR=${XDG_CONFIG_HOME:-$HOME/.config}/zsh\n"),
            (".zshrc", "export K_home=1\n"),
            (".config/zsh/.zshenv", "export K_env=1\n"),
            (
                ".config/zsh/.zshrc",
                "export K_rc=1\nsource ${ZDOTDIR:-$HOME}/more.zsh\nsource ${0:A:h}/more2.zsh\n",
            ),
            (".config/zsh/more.zsh", "export K_more=1\n"),
            (".config/zsh/more2.zsh", "export K_more2=1\n"),
            (".config/zsh/.zprofile", "export K_profile=1\n"),
        ],
        env: &[],
    },
    Case {
        name: "start-up files switched off",
        shells: ZSH,
        files: &[("*", "export K_@MARK@=1\nunsetopt rcs\n")],
        env: &[],
    },
    Case {
        name: "sourcing",
        shells: POSIX,
        files: &[
            (".profile", ". ~/all.sh\nexport K0=1\n"),
            (".zshenv", ". ~/all.sh\nexport K0=1\n"),
            (".bashrc", ". ~/all.sh\nexport K0=1\n"),
            (
                "all.sh",
                "for f in \"$HOME\"/conf.d/*.sh; do\n if [ -r \"$f\" ]; then . \"$f\"; fi\ndone\nunset f\nD=$HOME/x; [ -f $D/y.sh ] && . \"$D/y.sh\"\n[ -f ~/none ] && . ~/none\n[ -s \"${XDG_CONFIG_HOME:-$HOME/.config}/z.sh\" ] && . \"${XDG_CONFIG_HOME:-$HOME/.config}/z.sh\" || export K_no=1\n. \"$(dirname $D/y.sh)/w.sh\"\n",
            ),
            ("conf.d/a.sh", "export K_a=1\nreturn\nexport K_a2=1\n"),
            ("conf.d/b.sh", "export K_b=1\n"),
            ("conf.d/c.txt", "export K_c=1\n"),
            ("x/y.sh", "export K_y=1\n"),
            ("x/w.sh", "export K_w=1\n"),
            (".config/z.sh", "export K_z=1\nfalse\n"),
        ],
        env: &[],
    },
    Case {
        name: "a file that is not there ends dash",
        shells: POSIX,
        files: &[
            (".profile", "export K1=1\n. ~/missing\nexport K2=1\n"),
            (".zshenv", "export K1=1\n. ~/missing\nexport K2=1\n"),
        ],
        env: &[],
    },
    Case {
        name: "braces, loops, breaks",
        shells: BASH,
        files: &[
            (
                ".bashrc",
                "for file in ~/.{path,extra}; do\n\t[ -r \"$file\" ] && [ -f \"$file\" ] && source \"$file\";\ndone;\nfor x in 1 2; do [ $x = 2 ] && break; export K_1=1; done\nfor x in 1 2; do if [ $x = 1 ]; then continue; fi; export K_2=1; done\nfor x in; do export K_3=1; done\nwhile false; do export K_4=1; done\n",
            ),
            (".path", "export K_path=1\n"),
            (".extra", "export K_extra=1\n. $BASH_SOURCE.more\n. ${BASH_SOURCE%/*}/.other\n"),
            (".extra.more", "export K_more=1\n"),
            (".other", "export K_other=1\n"),
        ],
        env: &[],
    },
    Case {
        name: "functions and shells apart",
        shells: POSIX,
        files: &[
            (
                ".profile",
                "f() { export K1=1; return; export K2=1; }\ng() { export K3=1; }\nf\n(export K4=1)\nexport K5=1 | cat\n{ export K6=1; }\nx=$(export K7=1)\nexport K8=1 &\nwait\n! false && export K9=1\nfalse || export K10=1\ntrue && ! true || export K11=1\n",
            ),
            (
                ".zshenv",
                "f() { export K1=1; return; export K2=1; }\ng() { export K3=1; }\nf\n(export K4=1)\nexport K5=1 | cat\n{ export K6=1; }\nx=$(export K7=1)\n",
            ),
        ],
        env: &[],
    },
    Case {
        name: "a syntax error",
        shells: POSIX,
        files: &[
            (".profile", "export K1=1\nif true; then export K2=1; fi\nexport K3=1; fi\nexport K4=1\n"),
            (".bashrc", "export K1=1\nexport K2=1\nif true; then\nexport K3=1\n"),
            (".zshenv", "export K1=1\nexport K2=1\nif true; then\nexport K3=1\n"),
        ],
        env: &[],
    },
    Case {
        name: "carriage returns",
        shells: BASH,
        files: &[(".bashrc", "export K1=1\r\nif true; then\r\n export K2=1\r\nfi\r\nexport K3=1\r\n")],
        env: &[],
    },
    Case {
        name: "here-documents and quotes",
        shells: POSIX,
        files: &[(
            ".profile",
            "cat > /dev/null <<EOF\nexport K1=1\nEOF\ntrue <<-'X' && export K2=1\n\texport K3=1\n\tX\nexport K4='\nexport K5=1\n'\nK6=\"$(cat <<Y\nexport K7=1 )\nY\n)\"; export K6\nA=1 B=2\nexport K8=1 # export K9=1\necho \\\nexport K10=1\n",
        )],
        env: &[],
    },
    Case {
        name: "started by VS Code",
        shells: POSIX,
        files: &[(
            "*",
            "[ -t 0 ] || export K0_@MARK@=1\nif [ -z \"$VSCODE_RESOLVING_ENVIRONMENT\" ]; then export K1_@MARK@=1; else export K2_@MARK@=1; fi\n[ \"$TERM_PROGRAM\" = vscode ] && return\nexport K3_@MARK@=1\n",
        )],
        env: &[
            ("VSCODE_RESOLVING_ENVIRONMENT", "1"),
            ("BASH_ENV", "@HOME@/env.sh"),
            ("TERM_PROGRAM", "vscode"),
        ],
    },
    Case {
        name: "login_shell and numbers",
        shells: BASH,
        files: &[(
            "*",
            "shopt -q login_shell && export K_@MARK@=1\n[ $# -eq 0 ] && export K2_@MARK@=1\n[ 1 -gt 2 ] || export K3_@MARK@=1\ntest -d ~ -a ! -e ~/nothing && export K4_@MARK@=1\n[[ -v HOME && ! -v NOPE ]] && export K5_@MARK@=1\n",
        )],
        env: &[],
    },
    Case {
        name: "started by sshd",
        shells: BASH,
        files: &[("*", "export K_@MARK@=1\n")],
        env: &[("SSH_CLIENT", "1.2.3.4 5 6"), ("BASH_ENV", "@HOME@/env.sh")],
    },
    Case {
        name: "fish",
        shells: FISH,
        files: &[
            (".config/fish/conf.d/a.fish", "set -gx K_a 1\nexit\nset -gx K_a2 1\n"),
            (
                ".config/fish/conf.d/b.fish",
                "set -x K_b 1; set -g K_b2 1\nset -gx K_b3 1; set -e K_b3\nexport K_b4=1\n",
            ),
            (".config/fish/extra.fish", "set -gx K_extra 1\nreturn\nset -gx K_extra2 1\n"),
            (
                ".config/fish/config.fish",
                "if status is-interactive\n  set -gx K_i 1\nelse\n  set -gx K_n 1\nend\nstatus is-login; and set -gx K_l 1\nnot status --is-login; or set -gx K_l2 1\nstatus is-login && set -gx K_l3 1\nset -q NOPE; or set -gx K_q 1\nif test -f ~/.config/fish/extra.fish\n  source ~/.config/fish/extra.fish\nend\nsource (dirname (status -f))/extra2.fish\nfunction f\n  set -gx K_f 1\n  set -lx K_f2 1\nend\nfunction g; set -gx K_g 1; end\nf\nfor x in a b\n  set -gx K_for $x\nend\nswitch a\ncase 'a*'\n  set -gx K_s 1\ncase '*'\n  set -gx K_s2 1\nend\nbegin; set -lx K_begin 1; end\nK_p=1 true\nset --global --export K_long 'a b' # set -gx K_c 1\nset -gx K_un 1; set -gu K_un 1\ntest -z \"$HOME\"; or return\nset -gx K_end 1\n",
            ),
            (".config/fish/extra2.fish", "set -gx K_extra3 1\n"),
            (
                ".config/fish/fish_variables",
                "# This file contains fish universal variable definitions.\n# VERSION: 3.0\nSETUVAR --export K_universal:1\nSETUVAR K_universal2:1\n",
            ),
        ],
        env: &[],
    },
    Case {
        name: "fish with a configuration elsewhere",
        shells: FISH,
        files: &[
            ("c/fish/config.fish", "set -gx K1 1\nsource $XDG_CONFIG_HOME/fish/x.fish\n"),
            ("c/fish/x.fish", "set -gx K2 1\n"),
            (".config/fish/config.fish", "set -gx K3 1\n"),
            ("d/fish/vendor_conf.d/v.fish", "set -gx K4 1\n"),
            ("d/fish/vendor_conf.d/w.fish", "set -gx K5 1\n"),
            ("c/fish/conf.d/w.fish", "set -gx K6 1\n"),
        ],
        env: &[("XDG_CONFIG_HOME", "@HOME@/c"), ("XDG_DATA_DIRS", "@HOME@/d:/usr/share")],
    },
];
