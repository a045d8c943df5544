using Atoll.Protocol.Frames;

namespace Atoll.Protocol.Messages;

/// <summary>The host's first word: that it knows the sandbox's secret, and the newest generation that it speaks.</summary>
public sealed record Hello(ReadOnlyMemory<byte> HostProof, uint Generation)
{
    public static Hello Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new Hello(reader.Raw(AgentSecret.ProofSize).ToArray(), reader.UInt32());
        reader.End();
        return message.Generation > 0 ? message : throw new ProtocolException("generation 0");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.Hello, stream);
        writer.Raw(HostProof.Span);
        writer.UInt32(Generation);
        writer.End();
    }
}

/// <summary>The agent's answer: its own proof, the generation that both speak, its version for the log.</summary>
public sealed record HelloOk(ReadOnlyMemory<byte> AgentProof, uint Generation, string Version)
{
    public static HelloOk Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var message = new HelloOk(
            reader.Raw(AgentSecret.ProofSize).ToArray(), reader.UInt32(), reader.String(64));
        reader.End();
        return message.Generation > 0 ? message : throw new ProtocolException("generation 0");
    }

    public void Write(MessageWriter writer, uint stream)
    {
        writer.Begin(MessageType.HelloOk, stream);
        writer.Raw(AgentProof.Span);
        writer.UInt32(Generation);
        writer.String(Version);
        writer.End();
    }
}
