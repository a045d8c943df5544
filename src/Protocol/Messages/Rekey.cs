using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>Gives a restored sandbox a secret of its own; the one before it opens nothing any more.</summary>
public sealed record Rekey(AgentSecret Secret)
{
    public static Rekey Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Rekey(new AgentSecret(reader.Raw(AgentSecret.Size)));
        reader.End();
        return message;
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Rekey, stream);
        writer.Raw(Secret.Bytes);
        writer.End();
    }
}
