namespace Atoll.Sdk.Http;

/// <summary>A limit on silence: cancelled when nothing renews it for its length, or with the caller's own token.</summary>
internal sealed class Patience : IDisposable
{
    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenSource _either;

    public Patience(TimeSpan limit, TimeProvider time, CancellationToken caller)
    {
        (Limit, Caller) = (limit, caller);
        _silence = new CancellationTokenSource(limit, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_silence.Token, caller);
    }

    public TimeSpan Limit { get; }

    public CancellationToken Caller { get; }

    public CancellationToken Token => _either.Token;

    public void Renew() => _silence.CancelAfter(Limit);

    public void Dispose()
    {
        _either.Dispose();
        _silence.Dispose();
    }
}
