using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>
/// Runs text in the language of nft(8) through the library that nft itself is made of: no process, and all of one
/// text takes effect or nothing of it.
/// </summary>
public static partial class Nftables
{
    private const string Library = "libnftables.so.1";
    private static readonly Lock OneAtATime = new();

    /// <returns>What the commands print.</returns>
    /// <exception cref="NftablesException">The text is refused, or nftables is not installed.</exception>
    public static string Run(string commands)
    {
        // The library's parser has state of its own that threads would share.
        lock (OneAtATime)
        {
            nint context;
            try
            {
                context = nft_ctx_new(0);
            }
            catch (DllNotFoundException e)
            {
                throw new NftablesException($"{Library} is not on this machine: install the package nftables", e);
            }

            try
            {
                nft_ctx_buffer_output(context);
                nft_ctx_buffer_error(context);
                int result = nft_run_cmd_from_buffer(context, commands);
                return result == 0
                    ? Marshal.PtrToStringUTF8(nft_ctx_get_output_buffer(context)) ?? ""
                    : throw new NftablesException($"nftables refused the rules: {Marshal.PtrToStringUTF8(nft_ctx_get_error_buffer(context))}");
            }
            finally
            {
                nft_ctx_free(context);
            }
        }
    }

    [LibraryImport(Library)]
    private static partial nint nft_ctx_new(uint flags);

    [LibraryImport(Library)]
    private static partial void nft_ctx_free(nint context);

    [LibraryImport(Library)]
    private static partial int nft_ctx_buffer_output(nint context);

    [LibraryImport(Library)]
    private static partial int nft_ctx_buffer_error(nint context);

    [LibraryImport(Library)]
    private static partial nint nft_ctx_get_output_buffer(nint context);

    [LibraryImport(Library)]
    private static partial nint nft_ctx_get_error_buffer(nint context);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int nft_run_cmd_from_buffer(nint context, string commands);
}

/// <summary>The packet filter could not be set up; the message says why.</summary>
public sealed class NftablesException(string message, Exception? inner = null) : IOException(message, inner);
