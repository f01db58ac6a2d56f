# Prints where a watched variable changed: places and attributes, never a value. It is read from two places: as the
# function that fish's own config.fish calls before any file of the user's, and as a file of vendor_conf.d.
if not functions -q __envsplit_end
    @DATA_DIRS@
    function __envsplit_c
        set -l seen $argv
        builtin printf '%s\0' C (count $seen) $seen > @FIFO@
    end
    function __envsplit_end
        set -l left kept
        for name in @HANDLERS@
            functions -q $name; or set left replaced
        end
        builtin printf '%s\0' E 1 $left > @FIFO@
    end
@CHANGES@
    builtin printf '%s\0' B 0 > @FIFO@
end
