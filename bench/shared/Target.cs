using Atoll.Sdk;

namespace Atoll.Bench;

/// <summary>Connects to the server that is measured, and finds out before anything is measured that it can be.</summary>
internal static class Target
{
    /// <param name="url">The server.</param>
    /// <param name="key">Null for what SCALEBOX_API_KEY says, which shows the key to nobody.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="AtollException">The URL is none, nothing answers, or the key is refused.</exception>
    public static async Task<AtollClient> ConnectAsync(string url, string? key, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address))
        {
            throw new AtollException($"--url '{url}' is no URL such as http://127.0.0.1:7070");
        }
        AtollClient client = new(new AtollClientOptions
        {
            BaseUrl = address,
            ApiKey = key ?? Environment.GetEnvironmentVariable("SCALEBOX_API_KEY"),
            CreateTimeout = TimeSpan.FromSeconds(120),
            // A repeated request would hide a failure and count as a slow success.
            MaxRetries = 0,
        });
        try
        {
            await client.Users.MeAsync(cancellation);
            return client;
        }
        catch (AtollException exception)
        {
            client.Dispose();
            throw new AtollException($"{url}: {exception.Message}", exception);
        }
    }
}
