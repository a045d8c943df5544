using System.Text;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Elevation;

/// <summary>Turns a command line into what to start: the program, its environment as sudo(8) would reset it, its directory.</summary>
internal static class SudoRequest
{
    /// <summary>Where programs are looked up, whatever the caller's PATH is.</summary>
    private const string SecurePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Kept without being asked: the terminal, the language, and the mark by which a run's processes are known.</summary>
    private static readonly HashSet<string> s_kept =
        ["TERM", "COLORTERM", "COLORS", "LS_COLORS", "DISPLAY", "LANG", "LANGUAGE", "TZ", "ATOLL_RUN"];

    /// <param name="target">The user that the program is to run as.</param>
    /// <param name="callersShell">Of /etc/passwd, for want of SHELL.</param>
    public static StartProcess From(
        SudoCommandLine line, UserEntry target, string callersShell, IReadOnlyDictionary<string, string> caller, string directory)
    {
        string targetShell = target.Shell.Length > 0 ? target.Shell : "/bin/sh";
        IReadOnlyList<string> arguments = line.Mode switch
        {
            SudoMode.Login => [targetShell, "-l", .. ForShell(line.Command)],
            SudoMode.Shell => [caller.GetValueOrDefault("SHELL") is { Length: > 0 } own ? own : callersShell, .. ForShell(line.Command)],
            SudoMode.Validate or SudoMode.List => ["/bin/true"],
            _ => line.Command,
        };
        return new StartProcess
        {
            Arguments = arguments,
            Environment = EnvironmentFor(line, target, targetShell, caller),
            WorkingDirectory = line.Mode == SudoMode.Login && target.Home.Length > 0 ? target.Home : directory,
            User = line.User,
        };
    }

    private static Dictionary<string, string> EnvironmentFor(
        SudoCommandLine line, UserEntry target, string shell, IReadOnlyDictionary<string, string> caller)
    {
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = target.Home.Length > 0 ? target.Home : "/",
            ["SHELL"] = shell,
        };
        bool all = line.Kept is null && line.Mode != SudoMode.Login;
        foreach ((string name, string value) in caller)
        {
            bool asked = all ? !name.StartsWith("LD_", StringComparison.Ordinal) : line.Kept?.Contains(name) == true;
            if (asked || s_kept.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal))
            {
                environment[name] = value;
            }
        }

        if (line.ResetHome || line.Mode == SudoMode.Login)
        {
            environment["HOME"] = target.Home.Length > 0 ? target.Home : "/";
        }

        (environment["PATH"], environment["USER"], environment["LOGNAME"]) = (SecurePath, target.Name, target.Name);
        foreach ((string name, string value) in line.Variables)
        {
            environment[name] = value;
        }

        return environment;
    }

    /// <summary>The words of a command as the one that a shell takes, with all but variables kept from it.</summary>
    private static string[] ForShell(IReadOnlyList<string> command)
    {
        if (command.Count == 0)
        {
            return [];
        }

        var text = new StringBuilder();
        foreach (string word in command)
        {
            text.Append(text.Length > 0 ? " " : "");
            foreach (char letter in word)
            {
                text.Append(char.IsLetterOrDigit(letter) || letter is '_' or '-' or '$' ? "" : "\\").Append(letter);
            }
        }

        return ["-c", text.ToString()];
    }
}
