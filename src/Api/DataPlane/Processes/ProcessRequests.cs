using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Processes;

namespace Atoll.Api.DataPlane.Processes;

/// <summary>Between the messages about processes and the domain's words for them.</summary>
internal static class ProcessRequests
{
    private const int LargestTerminal = 65535;

    /// <summary>How much earlier than asked a process's time may be up by a clock that is not ours.</summary>
    public static readonly TimeSpan LifetimeSlack = TimeSpan.FromMilliseconds(50);

    public static ProcessSpec Spec(ConnectCall call, StartRequest request)
    {
        if (request.Process is not { Cmd.Length: > 0 } process)
        {
            throw new ConnectException(ConnectCode.InvalidArgument, "process.cmd is empty: give a program");
        }

        return new ProcessSpec
        {
            Arguments = [process.Cmd, .. process.Args],
            Environment = new Dictionary<string, string>(process.Envs),
            WorkingDirectory = process.Cwd,
            User = call.User,
            Tag = ProcessTag.Of(request.Tag),
            Lifetime = call.Timeout,
            Terminal = request.Pty is { } terminal ? Size(terminal) : null,
            TakesInput = !request.HasStdin || request.Stdin,
        };
    }

    public static TerminalSize Size(Pty terminal)
    {
        uint columns = terminal.Size?.Cols ?? 0;
        uint rows = terminal.Size?.Rows ?? 0;
        return columns is > 0 and <= LargestTerminal && rows is > 0 and <= LargestTerminal
            ? new TerminalSize((int)columns, (int)rows)
            : throw new ConnectException(ConnectCode.InvalidArgument, $"pty.size: cols and rows must be 1 to {LargestTerminal}");
    }

    public static ReadOnlyMemory<byte> Bytes(ProcessInput? input) => input?.InputCase switch
    {
        ProcessInput.InputOneofCase.Stdin => input.Stdin.Memory,
        ProcessInput.InputOneofCase.Pty => input.Pty.Memory,
        _ => throw new ConnectException(ConnectCode.InvalidArgument, "input is empty: give stdin or pty"),
    };

    public static ProcessDescription Describe(ProcessInfo process)
    {
        var config = new ProcessConfig { Cmd = process.Arguments.FirstOrDefault() ?? "" };
        if (process.WorkingDirectory.Length > 0)
        {
            config.Cwd = process.WorkingDirectory;
        }

        config.Args.AddRange(process.Arguments.Skip(1));
        config.Envs.Add(process.Environment.ToDictionary());
        var description = new ProcessDescription { Config = config, Pid = (uint)process.Pid };
        if (ProcessTag.Read(process.Tag) is { } tag)
        {
            description.Tag = tag;
        }

        return description;
    }
}
