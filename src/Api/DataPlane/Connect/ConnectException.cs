namespace Atoll.Api.DataPlane.Connect;

/// <summary>A call fails with this code and these words, which its client reads.</summary>
internal sealed class ConnectException(ConnectCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public ConnectCode Code { get; } = code;
}
