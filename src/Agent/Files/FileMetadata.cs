using System.Text;
using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>What is kept with a file in its extended attributes.</summary>
internal static class FileMetadata
{
    private const string AnyPrefix = "user.";
    private const string Prefix = "user.e2b.";

    /// <summary>The metadata of a file, as much as the wire takes.</summary>
    public static Dictionary<string, string> Of(KernelPath path)
    {
        Dictionary<string, string> metadata = [];
        int size = 0;
        foreach (string attribute in ExtendedAttributes.Names(path, Prefix))
        {
            if (ExtendedAttributes.Get(path, attribute) is not { } bytes)
            {
                continue;
            }

            // A guest may put anything there; the wire has no NUL.
            string name = attribute[Prefix.Length..];
            string value = Encoding.UTF8.GetString(bytes).Replace('\0', '\uFFFD');
            size += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value);
            if (size > ProtocolLimits.MaxMetadata)
            {
                break;
            }

            metadata[name] = value;
        }

        return metadata;
    }

    /// <summary>Puts metadata on a file that has none.</summary>
    /// <exception cref="AgentErrorException">The file system does not take it.</exception>
    public static void Set(Descriptor file, IReadOnlyDictionary<string, string> metadata, string path)
    {
        foreach ((string name, string value) in metadata)
        {
            switch (ExtendedAttributes.Set(file, Prefix + name, Encoding.UTF8.GetBytes(value)))
            {
                case Errno.None:
                    break;
                case Errno.EOPNOTSUPP:
                    throw FileErrors.Invalid($"metadata cannot be kept on the file system of {path}");
                case Errno.ERANGE or Errno.EINVAL or Errno.E2BIG or Errno.ENOSPC:
                    throw FileErrors.Invalid($"metadata '{name}' is not a possible name, or too large with the rest, for the file system of {path}");
                case var error:
                    throw FileErrors.Of(error, path);
            }
        }
    }

    /// <summary>Copies the attributes that users may set from one file to another that has none.</summary>
    /// <param name="withMetadata">Also the metadata among them.</param>
    public static void Copy(KernelPath from, Descriptor to, bool withMetadata, string path)
    {
        foreach (string name in ExtendedAttributes.Names(from, AnyPrefix))
        {
            if ((withMetadata || !name.StartsWith(Prefix, StringComparison.Ordinal)) && ExtendedAttributes.Get(from, name) is { } value)
            {
                FileErrors.Check(ExtendedAttributes.Set(to, name, value), path);
            }
        }
    }
}
