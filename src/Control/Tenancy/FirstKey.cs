namespace Atoll.Control.Tenancy;

/// <summary>Hands out, once, the secret of the key that was made at first start.</summary>
public sealed class FirstKey
{
    private string? _secret;

    /// <summary>The secret; null when there is none to show, and from the second call on.</summary>
    public string? Take() => Interlocked.Exchange(ref _secret, null);

    internal void Put(string secret) => _secret = secret;
}
