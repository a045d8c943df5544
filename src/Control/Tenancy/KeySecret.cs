using System.Security.Cryptography;
using System.Text;

namespace Atoll.Control.Tenancy;

/// <summary>The secret part of an API key: <c>sk-</c> and 40 hex digits, 160 random bits.</summary>
internal static class KeySecret
{
    public const int Length = 43;
    private const int PrefixLength = 10;

    public static string New() => $"sk-{RandomNumberGenerator.GetHexString(40, lowercase: true)}";

    public static string PrefixOf(string secret) => secret[..PrefixLength];

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
