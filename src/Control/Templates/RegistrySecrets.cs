using System.Security.Cryptography;
using System.Text;
using Atoll.Control.Tenancy;
using Atoll.Domain.Templates;

namespace Atoll.Control.Templates;

/// <summary>
/// Encrypts the passwords of registries for the store, with a key derived from the installation's key file and the template's id:
/// <c>nonce (12) | tag (16) | ciphertext</c> of AES-256-GCM.
/// </summary>
internal sealed class RegistrySecrets(ControlOptions options)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly Lazy<SecretKey> _key = new(() => SecretKey.Open(options.KeyPath));

    public byte[] Seal(TemplateId template, string password)
    {
        byte[] plain = Encoding.UTF8.GetBytes(password);
        byte[] box = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using AesGcm cipher = Cipher(template);
        cipher.Encrypt(
            box.AsSpan(0, NonceBytes), plain, box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes));
        return box;
    }

    /// <summary>Null for what was sealed with another key file: the password has to be given again.</summary>
    public string? Open(TemplateId template, byte[] box)
    {
        byte[] plain = new byte[box.Length - NonceBytes - TagBytes];
        using AesGcm cipher = Cipher(template);
        try
        {
            cipher.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes), plain);
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private AesGcm Cipher(TemplateId template) => new(_key.Value.Derive("registry-password", template.Value), TagBytes);
}
