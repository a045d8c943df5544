using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>Why the agent did not do what it was asked. The numbers are the wire's.</summary>
public enum AgentErrorCode : ushort
{
    Protocol = 1,
    Unauthenticated = 2,
    UnknownProcess = 3,
    ProgramNotFound = 4,
    NotExecutable = 5,
    NoSuchDirectory = 6,
    NoSuchUser = 7,
    TooLarge = 8,
    TooMany = 9,
    StillRunning = 10,
    InvalidArgument = 11,
    Internal = 12,
    Unsupported = 13,
    NothingListens = 14,
    ConnectionLost = 15,
    InputClosed = 16,
    NoTerminal = 17,
    PathNotFound = 20,
    PathExists = 21,
    NotADirectory = 22,
    IsADirectory = 23,
    NoSpace = 24,
    PathDenied = 25,
}

/// <summary>The answer to a request that failed; ends its stream.</summary>
public sealed record Error(AgentErrorCode Code, string Message)
{
    public static Error Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Error((AgentErrorCode)reader.UInt16(), reader.String(ProtocolLimits.MaxErrorMessage * 4));
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Error, stream);
        writer.UInt16((ushort)Code);
        writer.String(Message.Length > ProtocolLimits.MaxErrorMessage ? Message[..ProtocolLimits.MaxErrorMessage] : Message);
        writer.End();
    }
}

/// <summary>A failure that is answered to the host as an <see cref="Error"/>.</summary>
public sealed class AgentErrorException(AgentErrorCode code, string message) : Exception(message)
{
    public AgentErrorCode Code { get; } = code;
}
