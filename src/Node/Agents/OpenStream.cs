using Atoll.Protocol.Frames;

namespace Atoll.Node.Agents;

/// <summary>A stream that was opened on a connection, to say more on it and to end it.</summary>
internal readonly record struct OpenStream(AgentConnection Connection, uint Id)
{
    /// <inheritdoc cref="AgentConnection.SendAsync"/>
    public Task SendAsync(Action<MessageWriter, uint> message) => Connection.SendAsync(message, Id);

    /// <summary>Forgets a stream that has come to its end on both sides.</summary>
    public void Close() => Connection.CloseStream(Id);

    /// <summary>Ends a stream that has not come to its end; the agent is told in the background.</summary>
    public void Detach() => Connection.Detach(Id);
}
