using System.Net.Sockets;
using System.Text;

namespace Atoll.Unit.Edge;

/// <summary>Sends bytes that no HTTP client would.</summary>
internal static class RawHttp
{
    /// <returns>All that is answered until the connection is closed.</returns>
    public static async Task<string> AskAsync(Uri server, string request, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancellation);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), cancellation);
        var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, cancellation);
        }
        catch (IOException)
        {
            // Closed with bytes of ours unread.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
