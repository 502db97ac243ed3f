/** Where photos come from: a file, a drop, the clipboard, the camera. */

const of = (id) => document.getElementById(id);

/** Calls `use(blob, name)` with each photo, and `refuse(sentence)` if there is none to be had. */
export function listen(use, refuse) {
  const take = (files) => {
    const file = [...files].find(({type}) => type.startsWith('image/')) ?? files[0];
    if (file) use(file, file.name);
  };
  of('choose').addEventListener('click', () => of('file').click());
  of('file').addEventListener('change', () => {
    take(of('file').files);
    // So that the same file can be chosen again.
    of('file').value = '';
  });
  document.addEventListener('paste', (event) => {
    const {files} = event.clipboardData;
    if (files.length) take(files);
    else refuse('There is no image on the clipboard.');
  });
  listenToDrops(take);
  listenToCamera(use, refuse);
}

function listenToDrops(take) {
  let inside = 0;
  const show = (count) => {
    inside = Math.max(0, count);
    of('drop').hidden = inside === 0;
  };
  document.addEventListener('dragenter', (event) => {
    event.preventDefault();
    show(inside + 1);
  });
  document.addEventListener('dragleave', () => show(inside - 1));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    show(0);
    take(event.dataTransfer.files);
  });
}

function listenToCamera(use, refuse) {
  const [dialog, video] = [of('shutter'), of('video')];
  let stream = null;
  of('camera').addEventListener('click', async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({video: {width: {ideal: 1920}, facingMode: 'user'}});
    } catch (error) {
      refuse(whyNoCamera(error));
      return;
    }
    video.srcObject = stream;
    dialog.showModal();
    await video.play();
  });
  of('shoot').addEventListener('click', () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext('2d').drawImage(video, 0, 0);
    canvas.toBlob((blob) => use(blob, 'camera.jpg'), 'image/jpeg', 0.95);
    dialog.close();
  });
  of('close-camera').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    stream?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  });
}

function whyNoCamera({name}) {
  if (name === 'NotAllowedError') {
    return 'The camera was refused. Allow it in the browser’s settings for this page, or choose a file.';
  }
  if (name === 'NotFoundError') return 'There is no camera here. Choose a file.';
  if (name === 'NotReadableError') return 'Another program is using the camera. Close it, or choose a file.';
  return 'This browser gives no camera to this page. Choose a file.';
}
