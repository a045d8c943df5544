namespace Atoll.Protocol;

/// <summary>The other side broke the wire contract: the connection must be closed.</summary>
public sealed class ProtocolException(string message) : Exception(message);
