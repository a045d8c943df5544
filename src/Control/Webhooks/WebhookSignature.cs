using System.Security.Cryptography;
using System.Text;

namespace Atoll.Control.Webhooks;

/// <summary>Signs deliveries as Standard Webhooks says (https://www.standardwebhooks.com): HMAC-SHA256 over <c>id.timestamp.body</c>.</summary>
internal static class WebhookSignature
{
    public const string SecretPrefix = "whsec_";

    /// <summary>A key as users are given it.</summary>
    public static string Secret(byte[] key) => SecretPrefix + Convert.ToBase64String(key);

    /// <summary><c>v1,</c> and base64 for each key, with spaces between.</summary>
    public static string Of(IEnumerable<byte[]> keys, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        byte[] content = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        return string.Join(' ', keys.Select(key => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, content))}"));
    }
}
