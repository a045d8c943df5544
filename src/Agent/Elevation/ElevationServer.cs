using Atoll.Agent.Loop;
using Atoll.Agent.Processes;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Elevation;

/// <summary>
/// Runs commands as other users for those in the sandbox who may: set-user-id bits do nothing in gVisor, and the agent
/// is root there. Decides by the user that the kernel vouches for: root, and the members of the group <c>sudo</c>.
/// </summary>
internal sealed class ElevationServer
{
    public const string DefaultPath = "/run/atoll/agent.sock";

    /// <summary>Names another path to the client.</summary>
    public const string PathVariable = "ATOLL_AGENT_SOCKET";
    public const int MaxConnections = 32;
    public const int MaxRequest = 256 * 1024;

    /// <summary>How long a request may take to arrive, in milliseconds.</summary>
    public const long RequestTime = 5000;

    private const string PrivilegedGroup = "sudo";
    private const int AcceptPause = 100;
    private const int MaxListedCommand = 4096;

    private readonly EventLoop _loop;
    private readonly Launcher _launcher;
    private readonly Reaper _reaper;
    private readonly Descriptor _listener;
    private readonly List<ElevatedCommand> _connections = [];

    public ElevationServer(EventLoop loop, Launcher launcher, Reaper reaper, string path)
    {
        (_loop, _launcher, _reaper) = (loop, launcher, reaper);
        const UnixFileMode open = (UnixFileMode)0x1ED;
        string directory = Path.GetDirectoryName(path) ?? "/";
        if (!Directory.Exists(directory))
        {
            Directory.CreateDirectory(directory, open);
        }

        File.Delete(path);
        _listener = UnixSockets.Listen(path, backlog: MaxConnections);
        Watch();
    }

    /// <summary>Takes how a child ended, if it is one that was started here.</summary>
    public bool TryTake(ChildExit exit)
    {
        ElevatedCommand? command = _connections.Find(connection => connection.Pid == exit.Pid);
        command?.OnExit(exit);
        return command is not null;
    }

    /// <summary>Starts a command for a user of the sandbox.</summary>
    /// <exception cref="AgentErrorException">Why not, in words for that user.</exception>
    public int Start(SenderCredentials sender, StartProcess request, IReadOnlyList<Descriptor> standard)
    {
        if (request.Arguments is not [{ Length: > 0 }, ..] || !request.WorkingDirectory.StartsWith('/') || standard.Count != 3)
        {
            throw new AgentErrorException(AgentErrorCode.InvalidArgument, "a command, a directory and three descriptors are needed");
        }

        UserEntry caller = _launcher.FindUser($"{sender.Uid}");
        if (sender.Uid != 0 && !_launcher.IsMember(caller, PrivilegedGroup))
        {
            throw new AgentErrorException(
                AgentErrorCode.InvalidArgument, $"user {caller.Name} is not in the group {PrivilegedGroup} and may not run commands as others");
        }

        string command = string.Join(' ', request.Arguments);
        var environment = new Dictionary<string, string>(request.Environment)
        {
            ["SUDO_USER"] = caller.Name,
            ["SUDO_UID"] = $"{sender.Uid}",
            ["SUDO_GID"] = $"{sender.Gid}",
            ["SUDO_COMMAND"] = command.Length > MaxListedCommand ? command[..MaxListedCommand] : command,
        };
        int pid = _launcher.StartExactly(request with { Environment = environment }, standard[0], standard[1], standard[2]);
        _reaper.Spawned();
        return pid;
    }

    private void Watch() => _loop.Add(_listener, EpollEvents.EPOLLIN, _ => Accept());

    private void Accept()
    {
        if (UnixSockets.Accept(_listener) is { } socket)
        {
            bool isOneTooMany = _connections.Count >= MaxConnections;
            var command = new ElevatedCommand(_loop, this, socket, closed => _connections.Remove(closed));
            _connections.Add(command);
            if (isOneTooMany)
            {
                command.Refuse(new Error(AgentErrorCode.TooMany, $"{MaxConnections} commands run by sudo already: end some"));
            }
        }
        else if (SyscallException.LastError is Errno.EMFILE or Errno.ENOMEM)
        {
            // The connection stays in the kernel's queue and would wake the loop for ever.
            _loop.Remove(_listener);
            _loop.At(_loop.Now + AcceptPause, Watch);
        }
    }
}
