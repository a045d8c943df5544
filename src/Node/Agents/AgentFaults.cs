using System.Text;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>The connection to an agent ended while something waited on it.</summary>
internal sealed class AgentLostException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Translates what agents answer into the domain's faults, and checks what goes out to them.</summary>
internal static class AgentFaults
{
    private const int MaxSide = ushort.MaxValue;
    private const string TerminalSides = "a terminal has 1 to 65535 columns and rows";

    public static FaultException From(AgentErrorException error) => error.Code switch
    {
        AgentErrorCode.UnknownProcess => Fault(FaultCode.NotFound, error),
        AgentErrorCode.ProgramNotFound or AgentErrorCode.NotExecutable => Fault(FaultCode.InvalidArgument, error, "command"),
        AgentErrorCode.NoSuchDirectory => Fault(FaultCode.InvalidArgument, error, "cwd"),
        AgentErrorCode.NoSuchUser => Fault(FaultCode.InvalidArgument, error, "user"),
        AgentErrorCode.InvalidArgument => Fault(FaultCode.InvalidArgument, error),
        AgentErrorCode.TooLarge => Fault(FaultCode.TooLarge, error),
        AgentErrorCode.TooMany => Fault(FaultCode.NoCapacity, error),
        AgentErrorCode.StillRunning or AgentErrorCode.InputClosed or AgentErrorCode.NoTerminal => Fault(FaultCode.WrongState, error),
        AgentErrorCode.NothingListens => Fault(FaultCode.NothingListens, error),
        AgentErrorCode.PathNotFound => Fault(FaultCode.NotFound, error),
        AgentErrorCode.PathExists => Fault(FaultCode.AlreadyExists, error),
        AgentErrorCode.NotADirectory => Fault(FaultCode.NotADirectory, error),
        AgentErrorCode.IsADirectory => Fault(FaultCode.IsADirectory, error),
        AgentErrorCode.NoSpace => Fault(FaultCode.NoSpace, error),
        AgentErrorCode.PathDenied => Fault(FaultCode.Forbidden, error),
        AgentErrorCode.Protocol or AgentErrorCode.Unauthenticated => Fault(FaultCode.AgentUnavailable, error),
        AgentErrorCode.Unsupported => new FaultException(
            new Fault(FaultCode.NotImplemented, "the sandbox was started by an older version of the server, whose agent cannot do that: make a new sandbox"), error),
        _ => Fault(FaultCode.Internal, error),
    };

    /// <summary>The fault behind what a connection throws; null for what is none of its own, as a cancellation.</summary>
    public static FaultException? Translate(Exception e) => e switch
    {
        AgentErrorException error => From(error),
        AgentLostException lost => Unavailable(lost.Message, lost),

        // Thrown by the writer, before anything was sent: the request itself is too large.
        ProtocolException large => new FaultException(new Fault(FaultCode.TooLarge, large.Message), large),
        _ => null,
    };

    public static FaultException Unavailable(string why, Exception? cause = null) =>
        new(new Fault(FaultCode.AgentUnavailable, $"the sandbox's agent cannot be reached: {why}"), cause);

    /// <summary>The agent was lost after it was asked to start a process.</summary>
    public static FaultException MayHaveStarted(FaultException lost) => new(
        new Fault(FaultCode.AgentUnavailable, $"{lost.Fault.Message}; the command may have started: look whether it runs before starting it again"), lost);

    /// <summary>The message for a process; refuses what the wire would not take.</summary>
    public static StartProcess ToMessage(ProcessSpec spec)
    {
        Check(spec.Arguments.Count is > 0 and <= ProtocolLimits.MaxArguments, "command", $"1 to {ProtocolLimits.MaxArguments} arguments are possible");
        Check(spec.Environment.Count <= ProtocolLimits.MaxVariables, "env", $"at most {ProtocolLimits.MaxVariables} variables are possible");
        Check(spec.Arguments.All(HasNoNul), "command", "an argument holds a NUL character");
        Check(spec.Environment.All(pair => HasNoNul(pair.Key) && HasNoNul(pair.Value)), "env", "a variable holds a NUL character");
        CheckText(spec.WorkingDirectory, ProtocolLimits.MaxPath, "cwd");
        CheckText(spec.User, ProtocolLimits.MaxName, "user");
        CheckText(spec.Tag, ProtocolLimits.MaxName, "tag");
        Check(spec.Terminal is null or { Columns: > 0 and <= MaxSide, Rows: > 0 and <= MaxSide }, "size", TerminalSides);
        return new StartProcess
        {
            Arguments = spec.Arguments,
            Environment = spec.Environment,
            WorkingDirectory = spec.WorkingDirectory,
            User = spec.User,
            Tag = spec.Tag,
            OutputCapacity = Math.Clamp(spec.OutputCapacity, ProtocolLimits.MinOutputCapacity, ProtocolLimits.MaxOutputCapacity),
            LifetimeMilliseconds = spec.Lifetime is { } lifetime ? Math.Max(1, (long)lifetime.TotalMilliseconds) : 0,
            Terminal = spec.Terminal is { } size ? Size(size) : default,
            TakesInput = spec.TakesInput,
        };
    }

    /// <summary>The message that changes a terminal's size; refuses what the wire would not take.</summary>
    public static Resize ToMessage(int pid, TerminalSize size)
    {
        Check(size is { Columns: > 0 and <= MaxSide, Rows: > 0 and <= MaxSide }, "size", TerminalSides);
        return new Resize(pid, Size(size));
    }

    private static WindowSize Size(TerminalSize size) => new((ushort)size.Columns, (ushort)size.Rows);

    private static FaultException Fault(FaultCode code, AgentErrorException error, string? field = null) =>
        new(new Fault(code, error.Message, field), error);

    private static void CheckText(string value, int max, string field) => Check(
        Encoding.UTF8.GetByteCount(value) <= max && HasNoNul(value), field, $"at most {max} bytes without a NUL character are possible");

    private static bool HasNoNul(string value) => !value.Contains('\0');

    private static void Check(bool condition, string field, string message)
    {
        if (!condition)
        {
            throw Domain.Fault.Invalid(field, message).AsException();
        }
    }
}
