namespace Atoll.Domain.Templates;

/// <summary>How a new sandbox of a template shows that it can be used.</summary>
public abstract record ReadyCheck
{
    private ReadyCheck()
    {
    }

    /// <summary>A program with its arguments ends with code 0.</summary>
    public sealed record Exec(IReadOnlyList<string> Arguments) : ReadyCheck;

    /// <summary>GET is answered with a status from 200 to 399.</summary>
    public sealed record HttpGet(int Port, string Path) : ReadyCheck;

    /// <summary>Something listens.</summary>
    public sealed record TcpSocket(int Port) : ReadyCheck;
}
