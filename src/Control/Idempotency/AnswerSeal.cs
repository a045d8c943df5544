using System.Security.Cryptography;
using System.Text;
using Atoll.Control.Tenancy;
using Atoll.Domain.Idempotency;

namespace Atoll.Control.Idempotency;

/// <summary>
/// Encrypts remembered answers, which may hold the only copy of a secret or a sandbox's token, with AES-256-GCM under a key of
/// the installation: nonce, tag, cipher text. An answer opens only for the request that it was sealed for.
/// </summary>
internal sealed class AnswerSeal(SecretKey key)
{
    private const int NonceLength = 12, TagLength = 16;

    public byte[] Seal(RequestAnswer answer, string owner, byte[] request)
    {
        using var plain = new MemoryStream();
        using (var writer = new BinaryWriter(plain, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(answer.Status);
            writer.Write(answer.ContentType ?? "");
            writer.Write(answer.Location ?? "");
            writer.Write(answer.Body.Span);
        }

        byte[] sealedAnswer = new byte[NonceLength + TagLength + plain.Length];
        Span<byte> nonce = sealedAnswer.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm cipher = Cipher(owner);
        cipher.Encrypt(
            nonce, plain.GetBuffer().AsSpan(0, (int)plain.Length), sealedAnswer.AsSpan(NonceLength + TagLength), sealedAnswer.AsSpan(NonceLength, TagLength), request);
        return sealedAnswer;
    }

    /// <summary>Null when it is not what <see cref="Seal"/> made, with this installation's key.</summary>
    public RequestAnswer? Open(byte[] sealedAnswer, string owner, byte[] request)
    {
        if (sealedAnswer.Length < NonceLength + TagLength)
        {
            return null;
        }

        byte[] plain = new byte[sealedAnswer.Length - NonceLength - TagLength];
        try
        {
            using AesGcm cipher = Cipher(owner);
            cipher.Decrypt(
                sealedAnswer.AsSpan(0, NonceLength), sealedAnswer.AsSpan(NonceLength + TagLength), sealedAnswer.AsSpan(NonceLength, TagLength), plain, request);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        using var reader = new BinaryReader(new MemoryStream(plain), Encoding.UTF8);
        int status = reader.ReadInt32();
        (string type, string location) = (reader.ReadString(), reader.ReadString());
        return new RequestAnswer(
            status, type.Length > 0 ? type : null, location.Length > 0 ? location : null, plain.AsMemory((int)reader.BaseStream.Position));
    }

    private AesGcm Cipher(string owner) => new(key.Derive("remembered-answers", owner), TagLength);
}
