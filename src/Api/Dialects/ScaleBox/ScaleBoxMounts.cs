using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Storage;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// Reads the object-storage patch of a resume (contracts/scalebox.md 1.3). Credentials are looked at for their presence
/// only: none goes further than this class.
/// </summary>
internal static class ScaleBoxMounts
{
    private const int LongestUri = 1024, LongestPath = 4096, LongestWord = 253;
    private static readonly string[] Schemes = ["s3://", "oss://", "cos://"];
    private static readonly string[] Credentials = ["access_key", "secret_key", "session_token"];

    /// <summary>What a mount must not have that is deleted or disabled.</summary>
    private static readonly string[] OfMount = [.. Credentials, "uri", "region", "endpoint"];

    /// <param name="body">Of the resume.</param>
    public static MountPatch Read(JsonFields body)
    {
        bool bestEffort = body.Bool("best_effort_oss") ?? false;
        if (body.Object("object_storage") is not { } patch)
        {
            return new MountPatch.Keep(bestEffort);
        }

        bool removes = patch.Bool("remove_all") ?? false;
        bool disables = patch.Bool("disable_all") ?? false;
        IReadOnlyList<JsonFields> mounts = patch.Objects("mounts");
        int modes = (removes ? 1 : 0) + (disables ? 1 : 0) + (mounts.Count > 0 ? 1 : 0);
        if (modes > 1)
        {
            throw Fault.Invalid("object_storage", "object_storage takes only one of remove_all, disable_all and mounts").AsException();
        }

        return (removes, disables, mounts.Count) switch
        {
            (true, _, _) => new MountPatch.RemoveAll(),
            (_, true, _) => new MountPatch.DisableAll(),
            (_, _, 0) => new MountPatch.Keep(bestEffort),
            _ => new MountPatch.Each(Changes(mounts), bestEffort),
        };
    }

    private static MountChange[] Changes(IReadOnlyList<JsonFields> mounts)
    {
        if (mounts.Count > MountPatch.MostSlots)
        {
            throw Fault.Invalid("object_storage.mounts", $"object_storage.mounts holds at most {MountPatch.MostSlots}").AsException();
        }

        MountChange[] changes = [.. mounts.Select(Change)];
        return changes.GroupBy(change => change.MountPoint).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw Fault.Invalid("object_storage.mounts", $"object_storage.mounts names '{twice.Key}' more than once").AsException()
            : changes;
    }

    private static MountChange Change(JsonFields mount)
    {
        string field = mount.PathOf("mount_point");
        string point = MountPoint(mount.RequiredString("mount_point"), field);
        bool deletes = mount.Bool("delete") ?? false;
        bool disables = mount.Bool("disable") ?? false;
        if (deletes && disables)
        {
            throw Fault.Invalid(mount.PathOf("delete"), $"{mount.PathOf("delete")} and disable exclude each other").AsException();
        }

        if (!deletes && !disables)
        {
            return Mount(mount, point, field);
        }

        if (Array.Find(OfMount, mount.IsGiven) is { } superfluous)
        {
            string other = mount.PathOf(superfluous);
            throw Fault.Invalid(other, $"{other} must not be given with {(deletes ? "delete" : "disable")}").AsException();
        }

        return deletes ? new MountChange.Delete(point, field) : new MountChange.Disable(point, field);
    }

    private static MountChange.Mount Mount(JsonFields mount, string point, string field)
    {
        string uri = mount.RequiredString("uri");
        if (uri.Length > LongestUri || !Array.Exists(Schemes, scheme => uri.StartsWith(scheme, StringComparison.Ordinal) && uri.Length > scheme.Length))
        {
            throw Fault.Invalid(mount.PathOf("uri"), $"{mount.PathOf("uri")} must be s3://, oss:// or cos:// and a bucket").AsException();
        }

        if (uri.Contains('@') || uri.Contains('?'))
        {
            // Where others put their credentials: these would be kept.
            throw Fault.Invalid(mount.PathOf("uri"), $"{mount.PathOf("uri")} must hold no '@' and no '?': credentials have fields of their own").AsException();
        }

        foreach (string credential in Credentials[..2])
        {
            if (!mount.IsGiven(credential) || mount.String(credential) is null)
            {
                throw Fault.Invalid(mount.PathOf(credential), $"{mount.PathOf(credential)} is required").AsException();
            }
        }

        (string? region, string? endpoint) = (Word(mount, "region"), Word(mount, "endpoint"));
        return (region ?? endpoint) is null
            ? throw Fault.Invalid(mount.PathOf("region"), $"{mount.PathOf("region")} or endpoint is required").AsException()
            : new MountChange.Mount(point, field, uri, region, endpoint, ShortLived: mount.String("session_token") is { Length: > 0 });
    }

    private static string? Word(JsonFields mount, string name) => mount.String(name) switch
    {
        null or "" => null,
        { Length: <= LongestWord } word when !word.Contains('@') && !word.Contains('?') => word,
        _ => throw Fault.Invalid(
            mount.PathOf(name), $"{mount.PathOf(name)} must be at most {LongestWord} characters without '@' and '?'").AsException(),
    };

    private static string MountPoint(string path, string field)
    {
        string trimmed = path.Length > 1 ? path.TrimEnd('/') : path;
        bool good = trimmed.StartsWith('/') && trimmed.Length is > 1 and <= LongestPath
            && trimmed.Split('/')[1..].All(part => part is not ("" or "." or ".."));
        return good ? trimmed : throw Fault.Invalid(field, $"{field} must be an absolute path other than /, without '.' and '..'").AsException();
    }
}
