namespace Atoll.Agent.Elevation;

/// <summary>What the caller of sudo wants.</summary>
internal enum SudoMode
{
    Command,

    /// <summary><c>-i</c>: the target user's shell as at a login, in its home.</summary>
    Login,

    /// <summary><c>-s</c>: the caller's shell.</summary>
    Shell,

    /// <summary><c>-v</c>: whether it is allowed.</summary>
    Validate,

    /// <summary><c>-l</c>: what is allowed.</summary>
    List,
    Version,

    /// <summary><c>-k</c> without a command: there is no remembered password to forget.</summary>
    Nothing,
}

/// <summary>A command line that is not understood.</summary>
internal sealed class SudoUsageException(string message) : Exception(message);

/// <summary>The options of sudo(8) that make sense without passwords; those about passwords are taken and do nothing.</summary>
internal sealed record SudoCommandLine
{
    public const string Usage =
        "usage: sudo [-EHnSkK] [-i | -s] [-u user] [VAR=value ...] [--] command [argument ...]\n"
        + "       sudo -v | -l | -k | --version\n";

    public SudoMode Mode { get; private set; } = SudoMode.Command;

    /// <summary>A name, or a number.</summary>
    public string User { get; private set; } = "root";

    /// <summary>Names of variables to keep; null for all of them.</summary>
    public IReadOnlyCollection<string>? Kept { get; private set; } = [];

    public bool ResetHome { get; private set; }

    public Dictionary<string, string> Variables { get; } = [];

    public IReadOnlyList<string> Command { get; private set; } = [];

    /// <exception cref="SudoUsageException">What is wrong with it.</exception>
    public static SudoCommandLine Parse(IReadOnlyList<string> arguments)
    {
        var line = new SudoCommandLine();
        int next = 0;
        for (bool more = true; more && next < arguments.Count && arguments[next] is ['-', _, ..] option;)
        {
            next++;
            more = option != "--";
            if (option.StartsWith("--") && more)
            {
                line.TakeLong(option, arguments, ref next);
            }
            else if (more)
            {
                line.TakeShort(option, arguments, ref next);
            }
        }

        while (next < arguments.Count && arguments[next].IndexOf('=') is > 0 and var equals && !arguments[next][..equals].Contains('/'))
        {
            line.Variables[arguments[next][..equals]] = arguments[next][(equals + 1)..];
            next++;
        }

        line.Command = [.. arguments.Skip(next)];
        line.Check();
        return line;
    }

    private void TakeShort(string option, IReadOnlyList<string> arguments, ref int next)
    {
        for (int i = 1; i < option.Length; i++)
        {
            char letter = option[i];
            if (letter is 'u' or 'p')
            {
                TakeValue(letter, i + 1 < option.Length ? option[(i + 1)..] : Value($"-{letter}", arguments, ref next));
                return;
            }

            TakeFlag(letter, $"-{letter}");
        }
    }

    private void TakeLong(string option, IReadOnlyList<string> arguments, ref int next)
    {
        int equals = option.IndexOf('=');
        string name = equals < 0 ? option : option[..equals];
        if (name is "--user" or "--prompt")
        {
            TakeValue(name[2], equals < 0 ? Value(name, arguments, ref next) : option[(equals + 1)..]);
            return;
        }

        if (name == "--preserve-env" && equals > 0)
        {
            Kept = Kept is null ? null : [.. Kept, .. option[(equals + 1)..].Split(',')];
            return;
        }

        TakeFlag(
            option switch
            {
                "--preserve-env" => 'E',
                "--set-home" => 'H',
                "--non-interactive" => 'n',
                "--stdin" => 'S',
                "--reset-timestamp" => 'k',
                "--remove-timestamp" => 'K',
                "--login" => 'i',
                "--shell" => 's',
                "--validate" => 'v',
                "--list" => 'l',
                "--version" => 'V',
                _ => '?',
            },
            option);
    }

    private void TakeFlag(char letter, string asWritten)
    {
        switch (letter)
        {
            case 'n' or 'S' or 'A':
                break;
            case 'k' or 'K':
                Mode = Mode == SudoMode.Command ? SudoMode.Nothing : Mode;
                break;
            case 'E':
                Kept = null;
                break;
            case 'H':
                ResetHome = true;
                break;
            case 'i' or 's' or 'v' or 'l' or 'V':
                SudoMode mode = letter switch { 'i' => SudoMode.Login, 's' => SudoMode.Shell, 'v' => SudoMode.Validate, 'l' => SudoMode.List, _ => SudoMode.Version };
                Mode = Mode is SudoMode.Command or SudoMode.Nothing || Mode == mode
                    ? mode
                    : throw new SudoUsageException($"{asWritten} does not go with another option that was given");
                break;
            default:
                throw new SudoUsageException($"option {asWritten} is not known here");
        }
    }

    private void TakeValue(char letter, string value)
    {
        if (letter == 'u')
        {
            User = value.TrimStart('#') is { Length: > 0 } user ? user : throw new SudoUsageException("-u needs a user");
        }
    }

    private static string Value(string option, IReadOnlyList<string> arguments, ref int next) =>
        next < arguments.Count ? arguments[next++] : throw new SudoUsageException($"{option} needs a value");

    private void Check()
    {
        if (Mode == SudoMode.Nothing && Command.Count > 0)
        {
            Mode = SudoMode.Command;
        }

        bool takesCommand = Mode is SudoMode.Command or SudoMode.Login or SudoMode.Shell;
        if (!takesCommand && Command.Count > 0)
        {
            throw new SudoUsageException($"'{Command[0]}' is one argument too many");
        }

        if (Mode == SudoMode.Command && (Command.Count == 0 || Command[0].Length == 0))
        {
            throw new SudoUsageException("a command is missing");
        }
    }
}
