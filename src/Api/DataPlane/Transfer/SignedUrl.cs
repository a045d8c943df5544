using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Atoll.Api.Http;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>What a signature allows.</summary>
internal enum FileOperation
{
    Read,
    Write,
}

/// <summary>
/// The signature in a URL that lets its holder read or write one file of a sandbox without the sandbox's access token
/// (contracts/scalebox.md 3.4, contracts/e2b.md 2.5):
/// <code>
///   "v1_" + base64(sha256(path:operation:user:token[:expiration])) without "="
/// </code>
/// </summary>
/// <param name="Signature">As the client sent it.</param>
/// <param name="Expiration">Unix seconds as the client sent them; null for a URL that does not expire.</param>
internal sealed record SignedUrl(string Signature, string? Expiration)
{
    private const string Version = "v1_";
    private const int LongestExpiration = 15;

    /// <summary>Null when the request carries no signature.</summary>
    public static SignedUrl? Of(IQueryCollection query) => QueryValues.Text(query, "signature") is { } signature
        ? new SignedUrl(signature, QueryValues.Text(query, "signature_expiration"))
        : null;

    /// <summary>
    /// The ways in which the field's clients spell one path in the digest: as given, with one leading slash, without
    /// any; and of an upload that names no path nothing at all, or their language's word for it.
    /// </summary>
    public static IReadOnlyList<string> PathForms(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return ["", "/", "None"];
        }

        string trimmed = path.TrimStart('/');
        return [.. new[] { path, "/" + trimmed, trimmed }.Distinct()];
    }

    /// <summary>Whether the token made this signature for one of the paths and one of the users. Takes the same time whichever it is.</summary>
    public bool MadeWith(string token, FileOperation operation, IReadOnlyList<string> paths, IReadOnlyList<string> users)
    {
        // A "+" that the client forgot to escape arrives as a space, of which base64 has none.
        byte[] given = Encoding.UTF8.GetBytes(Signature.Replace(' ', '+'));
        bool made = false;
        foreach (string path in paths)
        {
            foreach (string user in users)
            {
                made |= CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Sign(token, operation, path, user, Expiration)), given);
            }
        }

        return made;
    }

    /// <summary>Why the signature is of no use now, whoever made it; null when its time has not come.</summary>
    public Fault? Expired(DateTimeOffset now)
    {
        if (Expiration is null)
        {
            return null;
        }

        // One spelling for one moment, so that what is compared is what was signed.
        bool valid = Expiration.Length <= LongestExpiration
            && long.TryParse(Expiration, NumberStyles.None, CultureInfo.InvariantCulture, out long _)
            && (Expiration.Length == 1 || Expiration[0] != '0');
        return !valid ? new Fault(FaultCode.Unauthenticated, "signature_expiration must be a time in Unix seconds", "signature_expiration")
            : long.Parse(Expiration, CultureInfo.InvariantCulture) <= now.ToUnixTimeSeconds()
                ? new Fault(FaultCode.Unauthenticated, "the signed URL has expired: make a new one", "signature_expiration")
                : null;
    }

    /// <summary>The signature that a client makes.</summary>
    public static string Sign(string token, FileOperation operation, string path, string user, string? expiration)
    {
        string text = $"{path}:{(operation is FileOperation.Read ? "read" : "write")}:{user}:{token}";
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(expiration is null ? text : $"{text}:{expiration}"));
        return Version + Convert.ToBase64String(digest).TrimEnd('=');
    }
}
