using System.Text.Json;
using Atoll.Domain.Code;

namespace Atoll.Control.Code;

/// <summary>
/// What a session's name says of its context, as JSON: so contexts are found again after the server's own restart. A tenant
/// can write it too, which shows him his own contexts otherwise and no more.
/// </summary>
/// <param name="Spare">The language of a kernel that nobody has yet; null of a context.</param>
/// <param name="Language">As the context's maker spelled it.</param>
/// <param name="Cwd">Its working directory.</param>
/// <param name="Created">Seconds since 1970.</param>
/// <param name="Default">Whether it is the default one of its language and directory.</param>
internal sealed record ContextName(string? Spare = null, string? Language = null, string? Cwd = null, long Created = 0, bool Default = false)
{
    public static ContextName? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, JupyterJson.Default.ContextName);
        }
        catch (JsonException)
        {
            // A session that the tenant made in Jupyter itself.
            return null;
        }
    }

    public string Write() => JsonSerializer.Serialize(this, JupyterJson.Default.ContextName);

    /// <summary>The context that a session is; null when it is none.</summary>
    public CodeContext? Of(string id) =>
        Language is not null && Cwd is not null && Created is >= 0 and < 100_000_000_000
            ? new CodeContext(id, Language, Cwd, DateTimeOffset.FromUnixTimeSeconds(Created))
            : null;
}
