using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Connections;

/// <summary>The answer that a request will get once its work is done, unless nobody waits for it any more.</summary>
/// <param name="cancelled">Called when the host detaches from the request or its connection ends; nothing is answered then.</param>
internal sealed class LateReply(Connection connection, uint stream, Action cancelled)
{
    public uint Stream { get; } = stream;

    public Action Cancelled { get; } = cancelled;

    public void Ok()
    {
        connection.Forget(this);
        connection.Write(writer => Bare.Write(writer, MessageType.Ok, Stream));
    }

    public void Refuse(AgentErrorCode code, string message)
    {
        connection.Forget(this);
        connection.Write(writer => new Error(code, message).Write(writer, Stream));
    }
}
