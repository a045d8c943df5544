using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>
/// The user in whose name a call acts: <c>Authorization: Basic base64(user:)</c> (contracts/e2b.md 2.2) or
/// <c>Bearer user</c> (contracts/scalebox.md 3.2). A name, not a secret: the access token is what lets anybody in.
/// </summary>
internal static class ConnectUser
{
    private const int Longest = 256;

    /// <exception cref="ConnectException">The header is there and names nobody.</exception>
    public static string Of(IHeaderDictionary headers, DataPlaneDialect dialect)
    {
        string named = dialect.UserHeader is { } header ? headers[header].ToString() : "";
        if (named.Length == 0)
        {
            string authorization = headers.Authorization.ToString();
            if (authorization.Length == 0)
            {
                return dialect.DefaultUser;
            }

            named = Parse(authorization) ?? "\0";
        }

        if (named.Length == 0)
        {
            return dialect.DefaultUser;
        }

        return named.Length <= Longest && !named.Any(char.IsControl)
            ? named
            : throw new ConnectException(
                ConnectCode.Unauthenticated, "Authorization names no user of the sandbox: send Basic with 'user:' in base64, or Bearer with the user's name");
    }

    private static string? Parse(string authorization)
    {
        if (!AuthenticationHeaderValue.TryParse(authorization, out AuthenticationHeaderValue? value) || value.Parameter is not { } parameter)
        {
            return null;
        }

        if (value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
        {
            return parameter;
        }

        byte[] decoded = new byte[parameter.Length];
        return value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(parameter, decoded, out int length)
                ? Encoding.UTF8.GetString(decoded, 0, length).Split(':')[0]
                : null;
    }
}
