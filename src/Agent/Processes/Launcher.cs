using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Processes;

/// <summary>Turns a request into a running process: user, environment, directory, program, and clear errors for each.</summary>
internal sealed class Launcher(string passwdPath = "/etc/passwd", string groupPath = "/etc/group")
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>What every terminal that the clients have understands.</summary>
    private const string DefaultTerminal = "xterm-256color";

    /// <summary>For every process; replaced when the sandbox is configured.</summary>
    public IReadOnlyDictionary<string, string> Configured { get; set; } = new Dictionary<string, string>();

    /// <summary>Starts a process and returns its pid.</summary>
    /// <param name="mark">Goes into its environment, and so into that of all it starts.</param>
    /// <exception cref="AgentErrorException">Why it cannot be started, in words for the user.</exception>
    public int Start(StartProcess request, RunMark mark, ChildStreams streams)
    {
        if (request.Arguments.Count == 0 || request.Arguments[0].Length == 0)
        {
            throw new AgentErrorException(AgentErrorCode.InvalidArgument, "the command is empty: give a program");
        }

        UserEntry user = FindUser(request.User);
        request = request with { WorkingDirectory = Path.Combine(HomeOf(user), request.WorkingDirectory) };
        Dictionary<string, string> environment = EnvironmentFor(user, request.Environment);
        environment[RunMark.Variable] = mark.Value;
        if (streams.Terminal is { } terminal)
        {
            environment.TryAdd("TERM", DefaultTerminal);
            PseudoTerminals.Give(terminal, user.Uid, user.Gid, UserDatabase.FindGroup(ReadOrEmpty(groupPath), "tty"));
        }

        int Run() => Start(request, environment, streams);
        return user.Uid == 0 ? Run() : Credentials.RunAs(user.Uid, user.Gid, user.Groups, Run);
    }

    /// <summary>Starts a process with its environment as given: nothing is added.</summary>
    /// <exception cref="AgentErrorException">Why it cannot be started, in words for the user.</exception>
    public int StartExactly(StartProcess request, Descriptor input, Descriptor output, Descriptor error)
    {
        UserEntry user = FindUser(request.User);
        int Run() => Start(request, new Dictionary<string, string>(request.Environment), new ChildStreams(input, output, error));
        return user.Uid == 0 ? Run() : Credentials.RunAs(user.Uid, user.Gid, user.Groups, Run);
    }

    /// <summary>Whether a group is one of the user's, the first or another.</summary>
    public bool IsMember(UserEntry user, string group) =>
        UserDatabase.FindGroup(ReadOrEmpty(groupPath), group) is { } number && user.Groups.Contains(number);

    private static int Start(
        StartProcess request, Dictionary<string, string> environment, ChildStreams streams)
    {
        CheckDirectory(request.WorkingDirectory);
        string program = FindProgram(request.Arguments[0], environment.GetValueOrDefault("PATH", DefaultPath), request.WorkingDirectory);
        var spawn = new SpawnRequest(
            program, request.Arguments, [.. environment.Select(pair => $"{pair.Key}={pair.Value}")],
            request.WorkingDirectory, streams.Input, streams.Output, streams.Error) { Terminal = streams.Terminal };
        Errno result = Spawn.Start(spawn, out int pid);
        return result switch
        {
            Errno.None => pid,
            Errno.E2BIG => throw new AgentErrorException(
                AgentErrorCode.TooLarge, "arguments and environment are larger than the kernel takes (128 KiB each, 2 MiB in all): pass them in a file"),
            Errno.ENOENT => throw new AgentErrorException(
                AgentErrorCode.ProgramNotFound, $"'{program}' needs an interpreter that is not there"),
            Errno.EAGAIN or Errno.ENOMEM => throw new AgentErrorException(
                AgentErrorCode.TooMany, $"the sandbox has no room for another process ({result})"),
            _ => throw new AgentErrorException(AgentErrorCode.NotExecutable, $"'{program}' cannot be run: {result}"),
        };
    }

    /// <exception cref="AgentErrorException">There is no such user.</exception>
    public UserEntry FindUser(string name) =>
        UserDatabase.Find(ReadOrEmpty(passwdPath), ReadOrEmpty(groupPath), name)
        // A file system without /etc/passwd still has a root.
        ?? (name == "root" ? new UserEntry("root", 0, 0, "/root", "/bin/sh", [0]) : null)
        ?? throw new AgentErrorException(AgentErrorCode.NoSuchUser, $"no user '{name}' in the sandbox: give a name from /etc/passwd or a uid");

    private Dictionary<string, string> EnvironmentFor(UserEntry user, IReadOnlyDictionary<string, string> own)
    {
        var merged = new Dictionary<string, string>
        {
            ["PATH"] = DefaultPath,
            ["HOME"] = HomeOf(user),
            ["USER"] = user.Name,
            ["LOGNAME"] = user.Name,
            ["SHELL"] = user.Shell.Length == 0 ? "/bin/sh" : user.Shell,
            // Every C library knows this one; without it programs take text for ASCII.
            ["LANG"] = "C.UTF-8",
        };
        foreach ((string key, string value) in Configured.Concat(own))
        {
            if (key.Length == 0 || key.Contains('='))
            {
                throw new AgentErrorException(AgentErrorCode.InvalidArgument, $"'{key}' is not a name of an environment variable");
            }

            merged[key] = value;
        }

        return merged;
    }

    private static string HomeOf(UserEntry user) => user.Home.StartsWith('/') ? user.Home : user.Uid == 0 ? "/root" : "/";

    private static void CheckDirectory(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new AgentErrorException(AgentErrorCode.NoSuchDirectory, $"no directory '{path}' in the sandbox");
        }

        if (PathAccess.Execute(path) != Errno.None)
        {
            throw new AgentErrorException(AgentErrorCode.NoSuchDirectory, $"the user may not enter directory '{path}'");
        }
    }

    private static string FindProgram(string name, string path, string workingDirectory)
    {
        bool denied = false;
        IEnumerable<string> candidates = name.Contains('/')
            ? [Path.Combine(workingDirectory, name)]
            : path.Split(':').Select(directory => Path.Combine(workingDirectory, directory, name));
        foreach (string candidate in candidates)
        {
            bool isDirectory = Directory.Exists(candidate);
            if (!isDirectory && PathAccess.Execute(candidate) == Errno.None)
            {
                return candidate;
            }

            denied |= isDirectory || File.Exists(candidate);
        }

        throw denied
            ? new AgentErrorException(AgentErrorCode.NotExecutable, $"'{name}' is not executable for this user")
            : new AgentErrorException(AgentErrorCode.ProgramNotFound, $"no program '{name}' in the sandbox");
    }

    private static string ReadOrEmpty(string path)
    {
        const int limit = 1024 * 1024;
        try
        {
            using FileStream file = File.OpenRead(path);
            return file.Length > limit ? "" : new StreamReader(file).ReadToEnd();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
