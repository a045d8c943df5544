using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>Says what went wrong with a file, in the words that clients look for.</summary>
internal static class FileErrors
{
    /// <summary>Characters of a path that are told; an error is no place for 4 KiB of it.</summary>
    private const int MaxTold = 300;

    public static AgentErrorException NotFound(string path) =>
        new(AgentErrorCode.PathNotFound, $"path not found: stat {Cut(path)}: no such file or directory");

    public static AgentErrorException DirectoryExists(string path) =>
        new(AgentErrorCode.PathExists, $"directory already exists: {Cut(path)}");

    public static AgentErrorException Exists(string path) => new(AgentErrorCode.PathExists, $"path already exists: {Cut(path)}");

    public static AgentErrorException IsADirectory(string path) => new(AgentErrorCode.IsADirectory, $"path is a directory: {Cut(path)}");

    public static AgentErrorException NotADirectory(string path) => new(AgentErrorCode.NotADirectory, $"path is not a directory: {Cut(path)}");

    public static AgentErrorException NoRegularFile(string path) =>
        new(AgentErrorCode.InvalidArgument, $"path is not a regular file: {Cut(path)} is a device, a FIFO or a socket");

    public static AgentErrorException Invalid(string message) => new(AgentErrorCode.InvalidArgument, message);

    /// <summary>Given up because nobody waits for it any more: the text is seen by nobody.</summary>
    public static AgentErrorException GivenUp() => new(AgentErrorCode.Internal, "given up");

    public static AgentErrorException Of(Errno error, string path) => error switch
    {
        Errno.ENOENT => NotFound(path),
        Errno.EEXIST or Errno.ENOTEMPTY => Exists(path),
        Errno.ENOTDIR => NotADirectory(path),
        Errno.EISDIR => IsADirectory(path),
        Errno.ENOSPC or Errno.EDQUOT => new(AgentErrorCode.NoSpace, $"no space left on device: {Cut(path)}"),
        Errno.EACCES or Errno.EPERM => new(AgentErrorCode.PathDenied, $"permission denied: {Cut(path)}"),
        Errno.EROFS => new(AgentErrorCode.PathDenied, $"permission denied: {Cut(path)} is on a read-only file system"),
        Errno.ELOOP => Invalid($"too many levels of symbolic links: {Cut(path)}"),
        Errno.ENAMETOOLONG => Invalid($"file name too long: {Cut(path)}"),
        Errno.EBUSY => Invalid($"device or resource busy: {Cut(path)} is a mount point or in use"),
        Errno.EINVAL => Invalid($"invalid argument: {Cut(path)}"),
        Errno.EIO or Errno.ENXIO or Errno.ENODEV or Errno.EOPNOTSUPP or Errno.ESPIPE or Errno.EOVERFLOW =>
            Invalid($"input/output error: {Cut(path)} does not give its bytes as a file does ({error})"),
        Errno.ETXTBSY => Invalid($"text file busy: {Cut(path)}"),
        Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM => new(AgentErrorCode.TooMany, $"the sandbox has no room for another open file ({error})"),
        Errno.EFBIG => new(AgentErrorCode.TooLarge, $"file too large: {Cut(path)}"),
        _ => new(AgentErrorCode.Internal, $"{Cut(path)}: {error}"),
    };

    /// <exception cref="AgentErrorException">Unless there is no error.</exception>
    public static void Check(Errno error, string path)
    {
        if (error != Errno.None)
        {
            throw Of(error, path);
        }
    }

    public static AgentErrorException From(Exception e) => e switch
    {
        AgentErrorException known => known,
        SyscallException failed => Of(failed.Error, failed.Subject),
        _ => new(AgentErrorCode.Internal, e.Message),
    };

    private static string Cut(string path) => path.Length <= MaxTold ? path : string.Concat(path.AsSpan(0, MaxTold), "...");
}
